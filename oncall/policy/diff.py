"""`cordon policy diff`: what a file would change of the policy in force, and whether that takes two people."""

from __future__ import annotations

from cordon import clock

from oncall.at_desk import Connect, at_desk
from oncall.options import AsJson
from oncall.policy.checked import File, policy_in, seen_at
from oncall.terminal import say, say_json


@at_desk
def diff(
    file: File,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show what a response policy would change of the one in force, and in which ways it loosens it.

    Exit status: 0 shown, 1 the desk could not be asked, 2 bad usage.
    """
    from cordon.response.loosening import loosenings  # noqa: PLC0415 - see cordon plan

    from oncall.policy.wording import difference_lines  # noqa: PLC0415 - see cordon plan
    from oncall.yaml_file.wording import difference  # noqa: PLC0415 - see cordon plan

    policy = policy_in(file)
    seen = seen_at(connect())
    old = seen.parsed
    looser = loosenings(old, policy, clock.now())
    if as_json:
        changes = difference(old, policy)
        say_json({"in_force": seen.hash, "file": policy.hash, "changes": changes, "loosenings": looser})
        return
    if old is None:
        say([f"There is no response policy in force: {seen.trouble}"])
    say(difference_lines(old, policy, looser))
