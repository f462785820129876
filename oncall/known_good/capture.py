"""`cordon known-good capture`: make a known-good from a thing that is well, as a file to read and to edit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from cordon import clock
from cordon.model.text import quoted

from oncall.at_desk import Connect, at_desk
from oncall.desk_answers import Answer, read
from oncall.errors import BadUsage, Failed, bad
from oncall.known_good.defined import PATH, Thing, understood
from oncall.options import AsJson, Yes
from oncall.terminal import agreed, say, say_json

Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Write it to this file; without it, to standard output.")
]


class Captured(Answer):
    """POST /known-good/capture. `remarks`: in sentences, what was not taken over, and what to look at."""

    definition: dict[str, Any]
    remarks: list[str]


@at_desk
def capture(
    thing: Thing,
    out: Out = None,
    yes: Yes = False,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Make a known-good of a thing's type from what that thing is now, in YAML with comments on what to look at.

    Nothing is signed, and nothing changed but FILE. One that is there is overwritten only when you agree.

    Exit status: 0 captured, 1 it was not, 2 bad usage.
    """
    from oncall.known_good.commented import CapturedFrom, as_commented_file  # noqa: PLC0415 - see cordon plan
    from playtest.report.wording import plain  # noqa: PLC0415 - see cordon plan

    overwrites = out is not None and _may_overwrite(out, yes=yes, as_json=as_json)
    answer = connect().ask("POST", f"{PATH}/capture", {"thing_name": thing})
    captured = read(Captured, answer)
    about = CapturedFrom(thing, clock.now(), captured.remarks)
    lines = as_commented_file(understood(captured.definition), about)
    if out is not None:
        _write(lines, out, overwrites=overwrites)
    if as_json:
        say_json(answer)
    else:
        say(lines if out is None else [f"{plain(out)}: what {plain(thing)} is now. Read it, edit it, and sign it."])


def _may_overwrite(out: str, *, yes: bool, as_json: bool) -> bool:
    """Ask whether a file that is there may be overwritten; False where there is none to ask about.

    Raises:
        BadUsage: with `--json` nothing is asked.
        Failed: the person did not agree.
    """
    if not os.path.lexists(out):
        return False
    if as_json and not yes:
        raise BadUsage("--out: found a file that is there, expected --yes beside it: with --json nothing is asked")
    if not agreed(f"Overwrite {quoted(out)}?", yes=yes):
        raise Failed("nothing was captured")
    return True


def _write(lines: list[str], out: str, *, overwrites: bool) -> None:
    try:
        with Path(out).open("w" if overwrites else "x", encoding="utf-8") as opened:
            opened.writelines(f"{line}\n" for line in lines)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name"
        raise bad("--out", out, f"a file that can be written ({why})") from None
