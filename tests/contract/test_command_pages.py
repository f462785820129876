"""docs/oncall.md says of each command what the command itself says."""

from __future__ import annotations

import re
from typing import Any

import typer

from oncall.cli import app
from tools.write_command_pages import BEGIN, PAGE, page


def test_the_page_is_what_the_commands_say() -> None:
    """A command's help and its page cannot differ; `python tools/write_command_pages.py` writes the page anew."""
    text = PAGE.read_text()
    assert text.count(BEGIN) == 1
    assert text == page(text)


def test_the_page_tells_every_option_of_every_command() -> None:
    """Held against the commands themselves, not against what the tool makes of them."""
    text = PAGE.read_text()
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        if name == "playtest":
            continue
        section = text.partition(f"\n## cordon {name}")[2]
        shared = text.partition("\n## Where the desk is\n")[2].partition("\n## ")[0]
        inner = getattr(command, "commands", None) or {name: command}
        for one in inner.values():
            options = {option for parameter in one.params for option in parameter.opts if option.startswith("--")}
            told = set(re.findall(r"^\| `(--[a-z-]+)", section + shared, re.MULTILINE))
            assert options - {"--help"} <= told
