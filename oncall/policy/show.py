"""`cordon policy show`: the response policy in force, as the file that it could be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oncall.at_desk import Connect, at_desk
from oncall.errors import Failed
from oncall.options import AsJson
from oncall.policy.checked import seen_at
from oncall.terminal import say, say_json

if TYPE_CHECKING:
    from oncall.policy.checked import PolicySeen


@at_desk
def show(
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show the response policy in force, in the form of its file, and a push that waits for a second person.

    Exit status: 0 shown, 1 there is none or the desk could not be asked, 2 bad usage.
    """
    client = connect()
    seen = seen_at(client)
    if as_json:
        say_json(seen.model_dump(mode="json"))
    else:
        say(_lines(seen))
    if seen.policy is None:
        raise Failed(f"there is no response policy in force, so people decide about everything: {seen.trouble}")


def _lines(seen: PolicySeen) -> Iterator[str]:
    from oncall.yaml_file.wording import as_file  # noqa: PLC0415 - see cordon plan
    from playtest.report.wording import plain  # noqa: PLC0415 - see cordon plan

    if policy := seen.parsed:
        yield f"# In force: {plain(seen.hash or '')}, version {plain(seen.version or 'none')}"
        yield from as_file(policy)
    if waiting := seen.proposal:
        yield f"# Proposed by {plain(waiting.by)}: {plain(waiting.hash)}"
        yield f"# Another person may push the very same one until {waiting.expires.isoformat()}. It loosens:"
        yield from (f"#   {plain(sentence)}" for sentence in waiting.loosenings)
