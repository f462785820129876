"""What of a captured known-good may hold for that one thing only: its name, and what looks like a number of its own."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterator
from typing import Any

from cordon.model.known_good import THING, KnownGood
from cordon.model.mistake import Location, json_path

_OWN = re.compile(
    r"\d{6,}"  # a serial number, a moment
    r"|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}"  # a MAC address
    r"|(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])"  # an IPv4 address
    r"|[0-9a-fA-F]{12}"  # an id of an instance, the end of a UUID
)
"""Only a hint, for somebody who reads on: nothing is left out for it."""
_PARTS: tuple[Location, ...] = (("policies",), ("groups",), ("shadow", "desired"), ("attributes",))
"""Where values stand that come from the thing itself."""


def named_after_it(known: KnownGood, part: str) -> list[str]:
    """Return the fields of one part (`policies`, `shadow`, …) in which `{thing}` stands."""
    return [field for field, value in _values(known, part) if isinstance(value, str) and THING in value]


def looks_its_own(known: KnownGood, part: str) -> list[str]:
    """Return the fields of one part that hold what looks like a serial number, an address or an id."""
    return [field for field, value in _values(known, part) if _is_text_or_whole(value) and _OWN.search(str(value))]


def _is_text_or_whole(value: Any) -> bool:
    return isinstance(value, str | int)  # a fraction is measured, and has many digits


def _values(known: KnownGood, part: str) -> Iterator[tuple[str, Any]]:
    """Yield every value of the part that holds no others, by its path."""
    facts: Any = known.model_dump(mode="json")
    for location in (one for one in _PARTS if one[0] == part):
        yield from _below(functools.reduce(operator.getitem, location, facts), location)


def _below(value: Any, location: Location) -> Iterator[tuple[str, Any]]:
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if steps is None:
        yield json_path(location), value
        return
    for step, inner in steps:
        yield from _below(inner, (*location, step))
