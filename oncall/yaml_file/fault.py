"""What is wrong with a file that people write, and where: one line for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cordon.model.mistake import Location, json_path
from cordon.model.text import quoted

from oncall.errors import BadUsage

MOST_SHOWN = 100
"""Faults that are told of one file: nobody mends more at once."""


@dataclass(frozen=True, order=True)
class Place:
    """Line and column of a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `found` is printable already; without a location it is about the file as a whole."""

    place: Place
    location: Location
    found: str
    expected: str

    @property
    def field(self) -> str:
        """The field's path, `budgets[0].things`, printable; empty for the file as a whole."""
        return quoted(json_path(self.location))[1:-1]

    def told_of(self, file: str) -> str:
        """Return it in one line: file, line and column, field, what was found and what was expected."""
        field = f"{self.field}: " if self.location else ""
        return f"{file}:{self.place.line}:{self.place.column}: {field}found {self.found}, expected {self.expected}"


class BadFile(BadUsage):
    """A file with faults, all of them, in the order of their lines. Its text is the first of them."""

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        """Keep the faults, one for each place and field."""
        told = {fault.told_of(file): fault for fault in sorted(faults, key=lambda fault: fault.place)}
        self.faults = list(told.values())
        more = len(told) - MOST_SHOWN
        self.lines = list(told)[:MOST_SHOWN] + ([f"{file}: and {more} more"] if more > 0 else [])
        super().__init__(self.lines[0])
