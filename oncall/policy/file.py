"""Read the response policy that people write, and say of every mistake in it where it is."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from cordon.model.mistake import Location, Mistake, mistakes
from cordon.model.response_policy import ResponsePolicy
from cordon.model.text import quoted
from pydantic import BaseModel, ValidationError

from oncall.errors import bad
from oncall.policy.fault import BadFile, Fault, Place
from oncall.policy.yaml_text import Written, written

LONGEST_FILE = 256 * 1024
"""Bytes: what the desk takes at once."""
_KEY = "[key]"
_MOST_NAMED = 20


def read_policy(file: str) -> ResponsePolicy:
    """Return the response policy that the file holds.

    Raises:
        BadFile: it holds none; has every mistake with its line.
        BadUsage: it cannot be read.
    """
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(LONGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or "no such name"
        raise bad("FILE", file, f"a file that can be read ({why})") from None
    return policy_of(content, quoted(file, 200)[1:-1])


def policy_of(content: bytes, name: str) -> ResponsePolicy:
    """Return the response policy that these bytes of a file of this name hold.

    Raises:
        BadFile: they hold none; has every mistake with its line.
    """
    if len(content) > LONGEST_FILE:
        raise BadFile(name, [Fault(Place(1, 1), (), "a longer file", f"at most {LONGEST_FILE // 1024} kB")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise BadFile(name, [Fault(place, (), f"the byte 0x{content[error.start]:02X}", "text in UTF-8")]) from None
    found = written(text)
    if found.faults and found.value is None:
        raise BadFile(name, found.faults)
    return _checked(found, name)


def _checked(found: Written, name: str) -> ResponsePolicy:
    if not isinstance(found.value, dict):
        shown = "nothing" if found.value is None else "a list" if isinstance(found.value, list) else quoted(found.value)
        fields = f"the fields of a response policy, of which {_required()} must be there"
        raise BadFile(name, [*found.faults, Fault(found.place_of(()), (), shown, fields)])
    try:
        policy = ResponsePolicy.parsed(json.dumps(found.value))
    except ValidationError as error:
        told = {fault.location for fault in found.faults}  # what was refused there already is no value, either
        more = [fault for one in mistakes(error) if (fault := _fault(one, found)).location not in told]
        raise BadFile(name, [*found.faults, *more]) from None
    if found.faults:
        raise BadFile(name, found.faults)
    return policy


def _required() -> str:
    return " and ".join(name for name, about in ResponsePolicy.model_fields.items() if about.is_required())


def _fault(mistake: Mistake, found: Written) -> Fault:
    if mistake.location[-1] == _KEY:
        location = mistake.location[:-1]
        return Fault(found.keys[location], location, mistake.found, mistake.expected)
    if mistake.is_unknown_field:
        location = mistake.location
        return Fault(found.keys[location], location, "a field that is not known", _instead_of(location))
    present, value = _at(found.value, mistake.location)
    shown = quoted(value) if present and value is not None else "nothing"
    in_quotes = mistake.expected == "text" and isinstance(value, int | float)
    expected = "text, in quotes where it looks like something else" if in_quotes else mistake.expected
    return Fault(found.place_of(mistake.location), mistake.location, shown, expected)


def _at(value: Any, location: Location) -> tuple[bool, Any]:
    """Return whether there is a value at the location, and the value."""
    for step in location:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, value


def _instead_of(location: Location) -> str:
    """Return the known field that an unknown one is most like, or else all that are known there."""
    known = _fields(location[:-1])
    near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.6)
    return near[0] if near else f"one of {', '.join(known[:_MOST_NAMED])}"


def _fields(location: Location) -> list[str]:
    """Return the fields of the model that stands at the location."""
    kind: Any = ResponsePolicy
    for step in location:
        kind = _inner(_one_of(kind), step)
    return list(_one_of(kind).model_fields)


def _one_of(kind: Any) -> Any:
    """Return what an optional type is when there is a value."""
    if get_origin(kind) in {Union, UnionType}:
        return next(one for one in get_args(kind) if one is not type(None))
    return kind


def _inner(kind: Any, step: str | int) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[str(step)].annotation
    return get_args(kind)[-1]  # of a list its elements, of a dict its values
