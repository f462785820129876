"""`cordon respond`: start a playbook for a thing by hand, approve its plan as oneself, and watch how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oncall.at_desk import Connect, at_desk
from oncall.errors import CommandError, Failed
from oncall.options import AsJson, Yes
from oncall.plan import Playbook, Thing
from oncall.terminal import agreed, require_yes, say, say_json

if TYPE_CHECKING:
    from oncall.desk_answers import IncidentSeen
    from oncall.responding import Responding

_LONGEST_WATCH = 24 * 60
_A_MINUTE = 60.0


@at_desk
def respond(
    playbook: Playbook,
    thing: Thing,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", show_default=False, help="Why: it stands in the record.")
    ],
    yes: Yes = False,
    watch: Annotated[
        int, typer.Option("--watch", metavar="MINUTES", min=0, max=_LONGEST_WATCH, help="Watch no longer than this.")
    ] = 30,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show what a playbook would do to a thing, start it, approve that very plan as yourself, and watch it to its end.

    Where the plan turns out to be another one, it is shown and asked about again; with --yes it is left waiting. Ctrl-C
    ends the watching only: what was started goes on.

    Exit status: 0 it ended well, 1 it did not or goes on unwatched, 2 bad usage, 3 a plan waits for approval.
    """
    from oncall.desk_answers import Outlook, read  # noqa: PLC0415 - see cordon plan
    from oncall.plan_view import outlook_lines  # noqa: PLC0415 - see cordon plan
    from oncall.responding import Responding  # noqa: PLC0415 - see cordon plan

    require_yes(as_json=as_json, yes=yes)
    client = connect()
    outlook = read(Outlook, client.ask("POST", "/plan", {"playbook": playbook, "thing_name": thing}))
    if not as_json:
        say(outlook_lines(outlook))
    if outlook.blockers:
        raise Failed(f"nothing was started: {'; '.join(outlook.blockers)}")
    if not agreed("Start it, and approve this plan?", yes=yes):
        raise Failed("nothing was started")
    responding = Responding(client, outlook, yes=yes, quiet=as_json, seconds=watch * _A_MINUTE)
    raise typer.Exit(_carried_through(responding, reason))


def _carried_through(responding: Responding, reason: str) -> int:
    """Start and watch, and return the exit status; whatever ends the watching, what was started goes on."""
    from oncall.incident_path import path_of  # noqa: PLC0415 - see cordon plan
    from playtest.exit_status import OF_STATUS  # noqa: PLC0415 - see cordon plan
    from playtest.report.wording import plain  # noqa: PLC0415 - see cordon plan

    try:
        started = responding.start(reason)
    except KeyboardInterrupt:
        raise Failed("stopped while it was being started: look whether an incident of that thing is open") from None
    if not responding.quiet:
        what = "was opened" if started.became == "opened" else "was open already, and your request joined it"
        say([f"{started.incident_id} {what}, for {plain(started.identity)}. Ctrl-C ends the watching only."])
    goes_on = f"{started.incident_id} goes on by itself, and its ticket tells how"
    try:
        seen = responding.watch(started.incident_id)
    except (KeyboardInterrupt, typer.Abort):  # at a question, Ctrl-C and the end of the input are an Abort
        raise Failed(f"no longer watching: {goes_on}") from None
    except CommandError as error:
        raise Failed(f"no longer watching: {goes_on} ({error})") from None
    if responding.quiet:
        say_json(responding.client.ask("GET", path_of(seen.id)))
    else:
        _say_the_end(seen)
    return OF_STATUS[seen.status]


def _say_the_end(seen: IncidentSeen) -> None:
    from oncall.incident_view import what_next, where_it_stands  # noqa: PLC0415 - see cordon plan

    say([*where_it_stands(seen), *what_next(seen)])
