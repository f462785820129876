"""Read a file that people write, of any form, and say of every mistake in it where it is."""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

import typer
from cordon.model.base import Document
from cordon.model.mistake import Location, Mistake, mistakes
from cordon.model.text import quoted
from pydantic import BaseModel, ValidationError

from oncall.errors import bad
from oncall.yaml_file.fault import BadFile, Fault, Place
from oncall.yaml_file.yaml_text import Written, written

LONGEST_FILE = 256 * 1024
"""Bytes: what the desk takes at once."""
FILE = "FILE"
"""How a command's argument is called that names a file."""
_KEY = "[key]"
_MOST_NAMED = 20
_D = TypeVar("_D", bound=Document)


@dataclass(frozen=True)
class Form(Generic[_D]):
    """What a file should hold: a document of this kind, `called` as people call it."""

    model: type[_D]
    called: str


def read_or_tell(form: Form[_D], file: str, asked_as: str = FILE) -> _D:
    """Return what the file holds; where that is not of the form, tell every mistake and end with bad usage.

    Raises:
        BadUsage: the file cannot be read.
        typer.Exit: it has mistakes, which were told.
    """
    try:
        return read_file(form, file, asked_as)
    except BadFile as bad_file:
        sys.stderr.writelines(f"{line}\n" for line in bad_file.lines)
        raise typer.Exit(bad_file.status) from None


def read_file(form: Form[_D], file: str, asked_as: str = FILE) -> _D:
    """Return what the file holds, of which the command line's argument or option `asked_as` told.

    Raises:
        BadFile: it is not of the form; has every mistake with its line.
        BadUsage: it cannot be read.
    """
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(LONGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or "no such name"
        raise bad(asked_as, file, f"a file that can be read ({why})") from None
    return held_by(form, content, quoted(file, 200)[1:-1])


def held_by(form: Form[_D], content: bytes, name: str) -> _D:
    """Return what these bytes of a file of this name hold.

    Raises:
        BadFile: they are not of the form; has every mistake with its line.
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
    return _checked(form, found, name)


def _checked(form: Form[_D], found: Written, name: str) -> _D:
    if not isinstance(found.value, dict):
        shown = "nothing" if found.value is None else "a list" if isinstance(found.value, list) else quoted(found.value)
        fields = f"the fields of {form.called}, of which {_required(form.model)} must be there"
        raise BadFile(name, [*found.faults, Fault(found.place_of(()), (), shown, fields)])
    try:
        value = form.model.parsed(json.dumps(found.value))
    except ValidationError as error:
        told = {fault.location for fault in found.faults}  # what was refused there already is no value, either
        more = [fault for one in mistakes(error) if (fault := _fault(one, found, form.model)).location not in told]
        raise BadFile(name, [*found.faults, *more]) from None
    if found.faults:
        raise BadFile(name, found.faults)
    return value


def _required(model: type[BaseModel]) -> str:
    return " and ".join(name for name, about in model.model_fields.items() if about.is_required())


def _fault(mistake: Mistake, found: Written, model: type[BaseModel]) -> Fault:
    if mistake.location[-1:] == (_KEY,):  # without a location it is about the whole
        location = mistake.location[:-1]
        return Fault(found.keys[location], location, mistake.found, mistake.expected)
    if mistake.is_unknown_field:
        location = mistake.location
        return Fault(found.keys[location], location, "a field that is not known", _instead_of(location, model))
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


def _instead_of(location: Location, model: type[BaseModel]) -> str:
    """Return the known field that an unknown one is most like, or else all that are known there."""
    known = _fields(location[:-1], model)
    near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.6)
    return near[0] if near else f"one of {', '.join(known[:_MOST_NAMED])}"


def _fields(location: Location, model: type[BaseModel]) -> list[str]:
    """Return the fields of the part of `model` that stands at the location."""
    kind: Any = model
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
