"""What people are told of a push of the response policy, before it counts."""

from __future__ import annotations

from collections.abc import Sequence

from cordon.model.text import escaped

_MOST_SENTENCES, _LONGEST = 20, 300
"""Of the ways in which a policy loosens that a page names, and characters of each: SNS takes 256 KiB."""


def page_of_force(digest: str, *, by: str, before: str | None, proposed_by: str | None, looser: Sequence[str]) -> str:
    """Return the page about a policy that `by` puts in force in the place of `before` (hashes)."""
    who = f"{escaped(by)} puts it in force" + (f", as {escaped(proposed_by)} proposed" if proposed_by else "")
    return f"Response policy {digest}: {who}. {_instead_of(before)} {_loosens(looser)} {_UNEXPECTED}"


def page_of_proposal(digest: str, *, by: str, before: str | None, looser: Sequence[str]) -> str:
    """Return the page about a policy that `by` proposes and a second person may put in force."""
    who = f"{escaped(by)} proposes it, and another person may put it in force"
    return f"Response policy {digest}: {who}. {_instead_of(before)} {_loosens(looser)} {_UNEXPECTED}"


_UNEXPECTED = "Nobody expected that? See cordon policy show, and push the one before again."


def _instead_of(before: str | None) -> str:
    return f"In force before: {before}." if before else "None that can be read is in force before."


def _loosens(looser: Sequence[str]) -> str:
    if not looser:
        return "It loosens nothing."
    more = len(looser) - _MOST_SENTENCES
    named = "; ".join(escaped(one, _LONGEST) for one in looser[:_MOST_SENTENCES])
    return f"It loosens: {named}" + (f"; and {more} more." if more > 0 else ".")
