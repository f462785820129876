"""A response policy for the eyes of whoever pushes it: what it changes of another, and in which ways it loosens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cordon.model.response_policy import ResponsePolicy

from oncall.yaml_file.wording import difference
from playtest.report.wording import plain


def difference_lines(old: ResponsePolicy | None, new: ResponsePolicy, looser: Iterable[str]) -> Iterator[str]:
    """Yield the difference, and every way in which `new` loosens."""
    yield from difference(old, new) or ["nothing is changed"]
    yield from looser_lines(looser)


def looser_lines(looser: Iterable[str]) -> Iterator[str]:
    """Yield what loosens, with what that takes; or that nothing does."""
    found = list(looser)
    if not found:
        yield "It loosens nothing: one person may push it."
        return
    yield "It loosens the policy, which takes two people:"
    yield from (f"  {plain(sentence)}" for sentence in found)
