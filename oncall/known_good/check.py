"""`cordon known-good check`: hold a thing against the known-good of its type, field by field."""

from __future__ import annotations

from typing import Annotated

import typer

from oncall.at_desk import Connect, at_desk
from oncall.errors import Failed
from oncall.known_good.defined import PATH, Thing, known_good_in
from oncall.options import AsJson
from oncall.terminal import say, say_json

_FILE = "--file"
File = Annotated[
    str | None,
    typer.Option(_FILE, metavar="FILE", help="Hold it against this known-good, in YAML, and not the one in force."),
]
DRIFT = 1
"""Exit status of a thing that is not as it should be."""


@at_desk
def check(
    thing: Thing,
    file: File = None,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show in which fields a thing is not what the known-good of its type says, with what was expected and found.

    Nothing is changed. The known-good in force counts only while its signature holds; --file is taken as it is.

    Exit status: 0 no drift, 1 drift, no known-good is in force or the desk could not be asked, 2 bad usage.
    """
    from oncall.desk_answers import read  # noqa: PLC0415 - see cordon plan
    from oncall.known_good.checked import Checked, checked_lines  # noqa: PLC0415 - see cordon plan

    known = None if file is None else known_good_in(file, _FILE).model_dump(mode="json")
    body = {"thing_name": thing} | ({} if known is None else {"definition": known})
    answer = connect().ask("POST", f"{PATH}/check", body)
    checked = read(Checked, answer)
    if as_json:
        say_json(answer)
    if file is None and checked.known_good is None:
        raise Failed(f"no known-good is in force for {checked.thing_name}: {checked.trouble}")
    if not as_json:
        say(checked_lines(checked, file))
    raise typer.Exit(DRIFT if checked.drift else 0)
