"""The response policy as data: how far Cordon goes by itself, when, and whom it asks. `response/` applies it.

It comes as a file that people write (`response-policy.yaml`), and is kept as JSON. An unknown field is an error: a typo
must not read as "nothing said".
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, Field, NaiveDatetime, model_validator
from pydantic_core import PydanticCustomError

from cordon.model.alarm import Severity
from cordon.model.base import Word, canonical_json, sha256_hex
from cordon.model.incident import Mode
from cordon.model.thing import Criticality

MOST_THINGS = 1000
"""The largest budget: its reservations are one row of the table, which holds 400 KB."""
WEEK_MINUTES = 7 * 24 * 60
_DAY_MINUTES = 24 * 60


class Silence(StrEnum):
    """What it means when nobody answers a request for approval in time."""

    ACT = "act"
    """Carry the plan out, within a fresh reservation of the budget, and never where a person must decide."""
    LEAVE = "leave"
    """Leave the thing as it is; the incident ends escalated, and nobody is paged again."""
    ESCALATE = "escalate"
    """As leave, and page again."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("zone", "the IANA name of a time zone, such as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""HH:MM on the clock on the wall."""
Minutes = Annotated[int, Field(ge=1, le=_DAY_MINUTES)]
Words = Annotated[str, Field(min_length=1, max_length=256)]
Name = Annotated[str, Field(min_length=1, max_length=128)]


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


class PlaybookPolicy(Word):
    """How far one playbook goes. The narrowest of what applies counts."""

    mode: Mode
    severity: dict[Severity, Mode] = Field(default_factory=dict)
    criticality: dict[Criticality, Mode] = Field(default_factory=dict)
    shared_certificate: Mode = Mode.APPROVE
    """For a thing that shares a certificate with others: only what touches none of them is ever planned."""
    silence: Silence = Silence.ESCALATE
    silence_by_criticality: dict[Criticality, Silence] = Field(default_factory=dict)
    approval_minutes: Minutes = 60
    """How long a request for approval waits."""
    two_approvers: list[Criticality] = Field(default_factory=list)
    """For things of these, two distinct identities must be behind a plan, as behind any irreversible one."""


class CriticalityRules(Word):
    """Where a thing's criticality is read from; where several say something, the most critical counts."""

    attribute: Name = "criticality"
    groups: dict[Name, Criticality] = Field(default_factory=dict)
    types: dict[Name, Criticality] = Field(default_factory=dict)


class BudgetRule(Word):
    """How many things automatic answers may touch within any `window_minutes`. All that apply must have room."""

    scope: Literal["fleet", "group", "type"]
    name: Name | None = None
    """The group or type; without one, each group or type has this budget by itself."""
    things: int | None = Field(default=None, ge=0, le=MOST_THINGS)
    percent: float | None = Field(default=None, ge=0, le=100)
    """Of the things that the fleet, group or type has; where `things` is given too, the smaller counts."""
    window_minutes: Minutes = 60

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        if self.things is None and self.percent is None:
            raise PydanticCustomError("budget", "things, percent or both")
        if self.scope == "fleet" and self.name is not None:
            raise PydanticCustomError("budget", "no name: there is one fleet")
        return self


class Hours(Word):
    """Part of certain days, from `start` on, to before `end`; one that ends earlier than it starts ends a day later."""

    days: list[Day] = Field(min_length=1)
    start: TimeOfDay
    end: TimeOfDay

    def minutes(self) -> list[tuple[int, int]]:
        """Return first minute and the one after the last, counted from Monday 00:00; one past Sunday is cut in two."""
        first, last = _minute(self.start), _minute(self.end)
        length = last - first if last > first else last - first + _DAY_MINUTES
        found = []
        for day in self.days:
            begin = DAYS.index(day) * _DAY_MINUTES + first
            end = begin + length
            found.append((begin, min(end, WEEK_MINUTES)))
            if end > WEEK_MINUTES:
                found.append((0, end - WEEK_MINUTES))
        return found


class Windows(Word):
    """When Cordon may act by itself: at all other times a person decides."""

    zone: Zone
    open: list[Hours] = Field(min_length=1)

    @model_validator(mode="after")
    def _do_not_overlap(self) -> Self:
        parts = sorted(part for hours in self.open for part in hours.minutes())
        for (_, end), (begin, _) in pairwise(parts):
            if begin < end:
                raise PydanticCustomError(
                    "overlap",
                    "windows that do not overlap; two do on {day} at {time}",
                    {"day": DAYS[begin // _DAY_MINUTES].value, "time": _clock_time(begin % _DAY_MINUTES)},
                )
        return self


class Freeze(Word):
    """A time in which Cordon does nothing by itself, from `start` on, to before `end`, on the clocks of `zone`."""

    name: Words
    zone: Zone
    start: NaiveDatetime
    end: NaiveDatetime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise PydanticCustomError("freeze", "an end after the start")
        for moment in (self.start, self.end):
            if not _exists(moment, ZoneInfo(self.zone)):
                raise PydanticCustomError(
                    "freeze",
                    "times that the clocks of {zone} show; {time} is skipped",
                    {"zone": self.zone, "time": f"{moment}"},
                )
        return self


class Exemption(Word):
    """A thing, group or type about which a person always decides, until `expires`."""

    thing: Name | None = None
    group: Name | None = None
    type: Name | None = None
    owner: Words
    reason: Words
    expires: AwareDatetime

    @model_validator(mode="after")
    def _is_about_one(self) -> Self:
        if [self.thing, self.group, self.type].count(None) != 2:  # noqa: PLR2004 - one of three
            raise PydanticCustomError("exemption", "one of thing, group and type")
        return self


class OutbreakRule(Word):
    """From how many things within `window_minutes` on alarms that have something in common are one outbreak."""

    things: int = Field(default=20, ge=2, le=MOST_THINGS)
    window_minutes: Minutes = 60


class Outbreaks(Word):
    """What makes an outbreak: things with the same behavior, in the same group, or with the same firmware."""

    behavior: OutbreakRule | None = OutbreakRule()
    group: OutbreakRule | None = OutbreakRule()
    firmware: OutbreakRule | None = OutbreakRule()
    firmware_attribute: Name = "firmwareVersion"


class Leases(Word):
    """For how many hours a quarantine may last before a person must look."""

    hours: int = Field(default=72, ge=1, le=8760)
    by_criticality: dict[Criticality, Annotated[int, Field(ge=1, le=8760)]] = Field(default_factory=dict)


class Alarms(Word):
    """Which alarms are answered without a person."""

    max_age_hours: int = Field(default=336, ge=0, le=8760)
    """An alarm raised longer ago than this goes to a person; 0 means no limit."""
    guardduty_samples: Literal["ignore", "answer"] = "ignore"


class Identities(Word):
    """Whose word counts as whose."""

    session_name_pinned_roles: list[Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")]] = Field(
        default_factory=list
    )
    """ARNs of roles whose trust policy pins `sts:RoleSessionName` to the person: each session name is an identity."""


class People(Word):
    """Whom a request or a ticket names."""

    on_call: Words | None = None
    tickets: Literal["OpsCenter"] = "OpsCenter"


class ResponsePolicy(Word):
    """All of it. Only `playbooks` must be said; a playbook that is not named asks for approval."""

    schema_version: Literal[1] = 1
    playbooks: dict[Name, PlaybookPolicy]
    criticality: CriticalityRules = CriticalityRules()
    budgets: list[BudgetRule] = Field(default_factory=list)
    """None that applies: nothing is done without a person."""
    windows: Windows | None = None
    freezes: list[Freeze] = Field(default_factory=list)
    exemptions: list[Exemption] = Field(default_factory=list)
    restrict_topics: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(default_factory=list)
    """What a safety-critical thing is denied once a person approves; `{thing}` stands for its name."""
    outbreaks: Outbreaks = Outbreaks()
    leases: Leases = Leases()
    alarms: Alarms = Alarms()
    identities: Identities = Identities()
    people: People = People()

    @property
    def canonical(self) -> str:
        """The policy as JSON with one spelling only, as it is kept."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def hash(self) -> str:
        """SHA-256 of `canonical` (64 hex digits)."""
        return sha256_hex(self.canonical)


def _minute(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def _clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _exists(moment: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clocks of the zone ever show that moment: an hour is skipped in spring."""
    aware = moment.replace(tzinfo=zone)
    return aware.timestamp() == aware.replace(fold=1).timestamp() or _shown(aware)


def _shown(aware: datetime) -> bool:
    back = datetime.fromtimestamp(aware.timestamp(), tz=aware.tzinfo)
    return back.replace(tzinfo=None, fold=0) == aware.replace(tzinfo=None, fold=0)
