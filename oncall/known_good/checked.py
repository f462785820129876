"""What the desk says of a thing that was held against a known-good, and how that is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cordon.model.text import quoted

from oncall.desk_answers import Answer
from oncall.known_good.defined import SignedSeen
from playtest.report.wording import count, plain

_LONGEST = 500
"""Characters of a value that are shown; `--json` tells all of it."""
_WIDEST = 48
"""Characters to which a column is filled up; a longer value stands there whole, and moves what follows it."""


class DriftSeen(Answer):
    """One field in which the thing is not as it should be."""

    field: str
    expected: Any
    found: Any


class Checked(Answer):
    """POST /known-good/check. `trouble` says in a sentence why no known-good is in force, where one was asked for."""

    thing_name: str
    thing_type: str | None
    known_good: SignedSeen | None
    trouble: str | None
    drift: list[DriftSeen]


def checked_lines(checked: Checked, file: str | None) -> Iterator[str]:
    """Yield what the thing was held against, and a table of how it differs."""
    kind = f"of the type {plain(checked.thing_type)}" if checked.thing_type else "of no type"
    yield f"{plain(checked.thing_name)}, {kind}, against {_against(checked.known_good, file)}:"
    if not checked.drift:
        yield "  no drift"
        return
    yield from drift_lines(checked.drift)
    yield f"  {count(len(checked.drift), 'difference')}"


def _against(known_good: SignedSeen | None, file: str | None) -> str:
    if file is not None:
        return plain(file)
    if known_good is None:
        return "nothing"
    return f"the known-good in force, {plain(known_good.hash)[:12]}, signed by {plain(known_good.signed_by)}"


def drift_lines(drift: Sequence[DriftSeen]) -> Iterator[str]:
    """Yield a table with a line for each field, what was expected and what was found; texts are in quotes."""
    rows = [
        ("field", "expected", "found"),
        *((plain(one.field), _value(one.expected), _value(one.found)) for one in drift),
    ]
    first, second = (min(max(len(row[column]) for row in rows), _WIDEST) for column in (0, 1))
    yield from (f"  {field:<{first}}  {expected:<{second}}  {found}" for field, expected, found in rows)


def _value(value: Any) -> str:
    return "nothing" if value is None else quoted(value, _LONGEST)
