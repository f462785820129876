"""`cordon policy push`: put a response policy in force, or propose it to a second person where it loosens anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from cordon import clock

from oncall.at_desk import Connect, at_desk
from oncall.errors import Failed
from oncall.options import AsJson, Yes
from oncall.policy.checked import File, PolicyPushed, policy_in, seen_at
from oncall.terminal import agreed, require_yes, say, say_json

if TYPE_CHECKING:
    from cordon.model.response_policy import ResponsePolicy

    from oncall.policy.checked import PolicySeen

WAITS = 3
"""Exit status of a push that a second person must make, too: as of a plan that waits for approval."""


@at_desk
def push(
    file: File,
    yes: Yes = False,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show what a response policy changes, and put it in force, or before a second person where it loosens anything.

    The second person pushes the very same file within 24 hours, against the same policy in force.

    Exit status: 0 in force, 1 it is not, 2 bad usage, 3 a second person must push it.
    """
    from oncall.desk_answers import read  # noqa: PLC0415 - see cordon plan

    require_yes(as_json=as_json, yes=yes)
    policy = policy_in(file)
    client = connect()
    seen = seen_at(client)
    if not as_json:
        _say_what_changes(seen, policy)
    if not agreed("Push it?", yes=yes):
        raise Failed("nothing was pushed")
    answer = client.ask("POST", "/policy", {"policy": policy.model_dump(mode="json"), "base": seen.hash})
    pushed = read(PolicyPushed, answer)
    if as_json:
        say_json(answer)
    else:
        _say_what_came_of_it(pushed)
    raise typer.Exit(0 if pushed.status == "in_force" else WAITS)


def _say_what_changes(seen: PolicySeen, policy: ResponsePolicy) -> None:
    from cordon.response.loosening import loosenings  # noqa: PLC0415 - see cordon plan

    from oncall.policy.wording import difference_lines  # noqa: PLC0415 - see cordon plan

    old = seen.parsed
    if old is None:
        say([f"There is no response policy in force: {seen.trouble}"])
    say(difference_lines(old, policy, loosenings(old, policy, clock.now())))


def _say_what_came_of_it(pushed: PolicyPushed) -> None:
    from playtest.report.wording import plain  # noqa: PLC0415 - see cordon plan

    if pushed.needs is None:
        say([f"In force: {plain(pushed.hash)}, version {plain(str(pushed.version))}; it counts within 30 seconds."])
    else:
        say([f"Proposed: {plain(pushed.hash)}. {plain(pushed.needs)}"])
