"""The times in the response policy: windows, freezes and what expires, by the clocks on the wall of a named zone.

A moment that the clocks show twice (an hour in autumn) is in a freeze if either could be meant; one that they skip (an
hour in spring) cannot be written. `response/calendar.py` holds them against the present.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, NaiveDatetime, model_validator
from pydantic_core import PydanticCustomError

from cordon.model.base import Word

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?)?")
# What a machine's own tz database has besides IANA's names: no other machine need have it, or mean the same by it.
_OF_THIS_MACHINE = re.compile(r"(localtime|posixrules|Factory|posix/.*|right/.*)")
_YEARS = range(2000, 2200)


def _zone(name: str) -> str:
    if not _OF_THIS_MACHINE.fullmatch(name):
        with contextlib.suppress(KeyError, ValueError, OSError):
            ZoneInfo(name)
            return name
    raise PydanticCustomError("zone", "the IANA name of a time zone, such as Europe/Berlin")


def _moment(value: Any) -> Any:
    """Read a moment as people write it; a date alone is its midnight. Numbers are not seconds since 1970 here."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value)
    raise PydanticCustomError("moment", "a date and time, such as 2026-12-24T18:00")


def _of_our_time(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise PydanticCustomError("year", "a year from {first} to {last}", {"first": _YEARS[0], "last": _YEARS[-1]})
    return moment


def form(pattern: str, expected: str) -> AfterValidator:
    """Return what checks that the whole of a text has the form `pattern`; an error says `expected`, for people."""
    compiled = re.compile(pattern)

    def checked(text: str) -> str:
        if not compiled.fullmatch(text):
            raise PydanticCustomError("form", "{expected}", {"expected": expected})
        return text

    checked.__doc__ = expected  # the page about the policy says it, too
    return AfterValidator(checked)


Zone = Annotated[str, AfterValidator(_zone)]
LocalTime = Annotated[NaiveDatetime, BeforeValidator(_moment), AfterValidator(_of_our_time)]
"""A date and time on the clock on the wall, without an offset."""
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_of_our_time)]
"""A date and time with its offset from UTC."""
TimeOfDay = Annotated[str, form(r"([01]\d|2[0-3]):[0-5]\d", "a time of day from 00:00 to 23:59")]
"""HH:MM on the clock on the wall."""
Minutes = Annotated[int, Field(ge=1, le=DAY_MINUTES)]
Words = Annotated[str, form(r"(?s)(?=.*\S).{1,256}", "1 to 256 characters, and not only blanks")]
Name = Annotated[str, form(r"[a-zA-Z0-9:_-]{1,128}", "1 to 128 letters, digits, colons, underscores and hyphens")]
"""What AWS IoT lets a thing, a group or a type be called."""


class Day(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


DAYS: tuple[Day, ...] = tuple(Day)
"""Monday first, as `datetime.weekday` counts."""


class Hours(Word):
    """Part of certain days, from `start` on, to before `end`; ends a day later if that is no later than `start`."""

    days: list[Day] = Field(min_length=1)
    """The days on which it begins."""
    start: TimeOfDay
    """The first minute of it, HH:MM."""
    end: TimeOfDay
    """The first minute after it, HH:MM; 00:00 is midnight."""

    def minutes(self) -> list[tuple[int, int]]:
        """Return first minute and the one after the last, counted from Monday 00:00; one past Sunday is cut in two."""
        first, last = _minute(self.start), _minute(self.end)
        length = last - first if last > first else last - first + DAY_MINUTES
        found = []
        for day in self.days:
            begin = DAYS.index(day) * DAY_MINUTES + first
            end = begin + length
            found.append((begin, min(end, WEEK_MINUTES)))
            if end > WEEK_MINUTES:
                found.append((0, end - WEEK_MINUTES))
        return found


class Windows(Word):
    """When Cordon may act by itself: at all other times a person decides."""

    zone: Zone
    """Whose clocks the hours are read from: an IANA name, such as Europe/Berlin."""
    open: list[Hours] = Field(min_length=1, max_length=100)
    """The hours in which it may; no two overlap."""

    @model_validator(mode="after")
    def _do_not_overlap(self) -> Self:
        parts = sorted((begin, end, place) for place, hours in enumerate(self.open) for begin, end in hours.minutes())
        for (_, end, one), (begin, _, other) in pairwise(parts):
            if begin < end:
                raise PydanticCustomError(
                    "overlap",
                    "hours that do not overlap: open[{one}] and open[{other}] both hold {day} {time}",
                    {"one": one, "other": other, "at": ("open", other), **_named(begin)},
                )
        return self


class Freeze(Word):
    """A time in which Cordon does nothing by itself, from `start` on, to before `end`, on the clocks of `zone`."""

    name: Words
    """What it is called, in the reason why a person decides."""
    zone: Zone
    """Whose clocks show start and end: an IANA name, such as Europe/Berlin."""
    start: LocalTime
    """The first moment of it; one that the clocks show twice is the earlier of the two."""
    end: LocalTime
    """The first moment after it; one that the clocks show twice is the later of the two."""

    @property
    def begins(self) -> datetime:
        """The instant at which it begins, in UTC."""
        return min(_instants(self.start, self.zone))

    @property
    def ends(self) -> datetime:
        """The first instant after it, in UTC."""
        return max(_instants(self.end, self.zone))

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise PydanticCustomError("freeze", "an end after the start", {"at": ("end",)})
        for field, moment in (("start", self.start), ("end", self.end)):
            if not _is_shown(moment, self.zone):
                raise PydanticCustomError(
                    "freeze", "a time that the clocks of {zone} do not skip", {"zone": self.zone, "at": (field,)}
                )
        return self


class Exemption(Word):
    """A thing, group or type about which a person always decides, until `expires`."""

    thing: Name | None = None
    """The thing's name; one of thing, group and type is said."""
    group: Name | None = None
    """The group's name; its child groups are part of it."""
    type: Name | None = None
    """The type's name."""
    owner: Words
    """Who answers for it."""
    reason: Words
    """Why a person decides."""
    expires: Moment
    """The first moment at which it no longer holds, with its offset: 2027-01-31T00:00Z."""

    @model_validator(mode="after")
    def _is_about_one(self) -> Self:
        if len([name for name in (self.thing, self.group, self.type) if name is not None]) != 1:
            raise PydanticCustomError("exemption", "one of thing, group and type")
        return self


def _minute(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def _named(minute: int) -> dict[str, str]:
    return {"day": DAYS[minute // DAY_MINUTES].value, "time": f"{minute // 60 % 24:02}:{minute % 60:02}"}


def _instants(moment: datetime, zone: str) -> list[datetime]:
    """Return the instants, in UTC, at which the clocks of the zone show `moment`: one, or two of an hour in autumn.

    In UTC, because Python compares two times of one zone by their clocks, whatever instants they are.
    """
    return [moment.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]


def _is_shown(moment: datetime, zone: str) -> bool:
    return all(
        instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == moment for instant in _instants(moment, zone)
    )
