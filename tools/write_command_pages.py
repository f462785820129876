"""Write what docs/oncall.md says of each command, from the command's own help: `--check` only compares.

The commands of the playtest have a page of their own, docs/playtest.md, which is written by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from oncall.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "oncall.md"
BEGIN = "<!-- From here on written by tools/write_command_pages.py. -->\n"
_ELSEWHERE = frozenset({"playtest"})
_NOT_TOLD = frozenset({"--help", "--install-completion", "--show-completion"})

Command = Any  # typer keeps its copy of click to itself


def page(text: str) -> str:
    """Return the page with its written part made anew; what stands before the mark stays as it is."""
    by_hand, _, _ = text.partition(BEGIN)
    return by_hand + BEGIN + "".join(f"\n{section}" for section in sections())


def sections() -> Iterator[str]:
    """Yield the options that all have, and a section for each command that is not told elsewhere."""
    told = [
        one
        for name, group in _below(typer.main.get_command(app))
        if name not in _ELSEWHERE
        for one in _all(name, group)
    ]
    shared = {one.name: one for _, command in told for one in command.params if _panel(one)}
    if shared:
        yield f"## {next(map(_panel, shared.values()))}\n\n{_table(list(shared.values()))}\n"
    yield from (_section(f"cordon {name}", command) for name, command in told)


def _below(group: Command) -> Iterator[tuple[str, Command]]:
    yield from getattr(group, "commands", {}).items()


def _all(name: str, command: Command) -> Iterator[tuple[str, Command]]:
    """Yield the command, or all that are below it, under their full names."""
    inner = list(_below(command))
    for word, below in inner:
        yield from _all(f"{name} {word}", below)
    if not inner:
        yield name, command


def _panel(parameter: Command) -> str | None:
    """Return the heading under which `--help` shows a parameter that several commands have."""
    found: str | None = getattr(parameter, "rich_help_panel", None)
    return found


def _section(name: str, command: Command) -> str:
    arguments = " ".join(_written(one) for one in command.params if not _is_option(one))
    parts = [
        f"## {name}",
        f"`{name}{' ' if arguments else ''}{arguments}`",
        *(" ".join(part.split()) for part in command.help.split("\n\n")),
        _table([one for one in command.params if not _panel(one) and not _NOT_TOLD & set(one.opts)]),
        f"```console\n$ {command.epilog.removeprefix('Example: ')}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _table(parameters: list[Command]) -> str:
    return "\n".join(["| | |", "|---|---|", *map(_row, parameters)])


def _row(parameter: Command) -> str:
    told = [parameter.help, *_notes(parameter)]
    return f"| `{_written(parameter)}` | {' '.join(told)} |".replace("…", "...")


def _written(parameter: Command) -> str:
    """Return how it is typed: `--thing NAME`, `INCIDENT`, `--yes, -y`."""
    if not _is_option(parameter):
        return str(parameter.metavar)
    names = ", ".join(parameter.opts)
    return names if parameter.is_flag else f"{names} {parameter.metavar}"


def _notes(parameter: Command) -> Iterator[str]:
    if _is_option(parameter) and parameter.required:
        yield "Must be given."
    if _is_option(parameter) and parameter.default not in {None, False}:
        yield f"Otherwise `{parameter.default}`."
    if parameter.envvar:
        yield f"May stand in `{parameter.envvar}`."


def _is_option(parameter: Command) -> bool:
    return any(re.match("-", name) for name in parameter.opts)


def main() -> int:
    """Write the page, or with `--check` say whether it is as it would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page would change")
    asked = parser.parse_args()
    now = PAGE.read_text()
    written = page(now)
    if asked.check:
        return int(now != written)
    PAGE.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
