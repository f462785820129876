"""Refuse a request whose members break the constraints of the botocore model, as AWS does before it looks at anything.

moto takes any text anywhere, and the SDK checks lower bounds only: a name with markup, a status that does not exist or
a description that is too long passes on a laptop and fails in the account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any


def members(response: Any) -> dict[str, Any]:
    """Return the members of the request that a moto Response answers, typed and named as botocore's model has them."""
    response.parse_parameters(response.normalized_request)
    parsed: dict[str, Any] = response.params
    return parsed


def violations(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Yield what is wrong with `value` (as moto parsed it), in AWS's own words; the path names the member.

    `shape` is a shape of the botocore model, or None where an operation takes nothing.
    """
    if shape is None or value is None:
        return
    yield from _own_violations(shape, value, path)
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            yield from violations(member, value.get(name), f"{path}.{name}" if path else name)
    elif shape.type_name == "list" and isinstance(value, list):
        for number, entry in enumerate(value, start=1):
            yield from violations(shape.member, entry, f"{path}.{number}.member")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, entry in value.items():
            yield from violations(shape.key, key, f"{path}.key")
            yield from violations(shape.value, entry, f"{path}.{key}")


def _own_violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    for missing in getattr(shape, "required_members", ()):
        if isinstance(value, dict) and value.get(missing) is None:
            yield f"Value null at '{path}.{missing}'".replace("'.", "'") + _CONSTRAINT + "not be null"
    limits = dict(shape.metadata)
    if isinstance(value, str):
        yield from _text_violations(limits, value, path)
    size = (
        value
        if shape.type_name in ("integer", "long")
        else len(value)
        if isinstance(value, str | list | dict)
        else None
    )
    if isinstance(size, int) and not limits.get("min", size) <= size <= limits.get("max", size):
        bounds = f"be within {limits.get('min', 0)} and {limits.get('max', 'any')}, not {size}"
        yield f"Value at '{path}'{_CONSTRAINT}{bounds}"


def _text_violations(limits: dict[str, Any], value: str, path: str) -> Iterator[str]:
    if "enum" in limits and value not in limits["enum"]:
        yield f"Value '{value}' at '{path}'{_CONSTRAINT}satisfy enum value set: {limits['enum']}"
    pattern = _compiled(limits["pattern"]) if "pattern" in limits else None
    if pattern is not None and pattern.fullmatch(value) is None:
        yield f"Value '{value}' at '{path}'{_CONSTRAINT}satisfy regular expression pattern: {limits['pattern']}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    # Python's re has no \p{…}. Letters, digits and separators cannot be written down shortly, so these stay unchecked,
    # but for the one that forbids control characters.
    known = pattern.replace(r"[^\p{C}]", r"[^\x00-\x1f\x7f-\x9f]")
    return None if r"\p{" in known else re.compile(known)


_CONSTRAINT = " failed to satisfy constraint: Member must "
