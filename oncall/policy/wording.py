"""A response policy for the eyes of whoever pushes it: as the file that it could be, and what another changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from cordon.model.response_policy import ResponsePolicy

from playtest.report.wording import plain

_WIDTH = 100


def as_file(policy: ResponsePolicy) -> list[str]:
    """Return the lines of a file that holds the policy, every field said; whatever is not ASCII is escaped."""
    facts: dict[str, Any] = policy.model_dump(mode="json")
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=False, width=_WIDTH).splitlines()


def difference(old: ResponsePolicy | None, new: ResponsePolicy) -> list[str]:
    """Return what `new` changes, in lines that begin with - for what goes and + for what comes."""
    before, after = as_file(old) if old else [], as_file(new)
    return list(difflib.unified_diff(before, after, "in force", "file", lineterm="", n=2))


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
