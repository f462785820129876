"""`cordon plan`: a dry run, shown. Nothing is changed, and nothing is recorded."""

from __future__ import annotations

from typing import Annotated

import typer

from oncall.at_desk import Connect, at_desk
from oncall.options import AsJson
from oncall.terminal import say, say_json

Playbook = Annotated[str, typer.Argument(metavar="PLAYBOOK", show_default=False, help="Such as contain_thing.")]
Thing = Annotated[str, typer.Option("--thing", metavar="NAME", show_default=False, help="The thing it is about.")]


@at_desk
def plan(
    playbook: Playbook,
    thing: Thing,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show what a playbook would do to a thing now: every change, whom it hits, what cannot be undone, what stays open.

    Nothing is changed and no incident is opened.

    Exit status: 0 shown, 1 the desk could not be asked, 2 bad usage.
    """
    # Here and in the other commands: botocore takes a while to import, and no `--help` waits for it.
    from oncall.desk_answers import Outlook, read  # noqa: PLC0415 - see above
    from oncall.plan_view import outlook_lines  # noqa: PLC0415 - see above

    client = connect()
    answer = client.ask("POST", "/plan", {"playbook": playbook, "thing_name": thing})
    if as_json:
        say_json(answer)
    else:
        say(outlook_lines(read(Outlook, answer)))
