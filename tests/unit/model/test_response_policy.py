from __future__ import annotations

import json
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from pydantic import ValidationError

FREEZE = {"name": "Year end", "zone": "Europe/Berlin", "start": "2026-12-24", "end": "2027-01-02T06:00"}
EXEMPTION = {"thing": "pump-01", "owner": "plant", "reason": "moved", "expires": "2026-12-01T00:00Z"}
FULL: dict[str, Any] = {
    "playbooks": {
        "contain_thing": {
            "mode": "automatic",
            "severity": {"low": "observe"},
            "criticality": {"high": "approve"},
            "silence": "leave",
            "silence_by_criticality": {"low": "act"},
            "two_approvers": ["high"],
        }
    },
    "criticality": {"attribute": "tier", "groups": {"valves": "safety-critical"}, "types": {"pump": "standard"}},
    "budgets": [{"scope": "fleet", "things": 10, "percent": 2.5}, {"scope": "group", "name": "line-1", "percent": 10}],
    "windows": {"zone": "UTC", "open": [{"days": ["mon", "tue"], "start": "08:00", "end": "18:00"}]},
    "freezes": [FREEZE],
    "exemptions": [EXEMPTION],
    "restrict_topics": ["cmd/{thing}/#", "$aws/things/{thing}/jobs/*"],
    "outbreaks": {"group": None},
    "leases": {"by_criticality": {"high": 24}},
    "identities": {"session_name_pinned_roles": ["arn:aws:iam::123456789012:role/on-call"]},
    "people": {"on_call": "#plant-on-call"},
}


def read(facts: dict[str, Any]) -> ResponsePolicy:
    """Read a policy as it is read from its JSON: strictly."""
    return ResponsePolicy.parsed(json.dumps(facts))


def errors(facts: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Where reading it finds errors."""
    with pytest.raises(ValidationError) as raised:
        read(facts)
    return [error["loc"] for error in raised.value.errors()]


def hours(**changed: Any) -> dict[str, Any]:
    """A policy's windows of one hour, with some fields changed."""
    return {"windows": {"zone": "UTC", "open": [{"days": ["mon"], "start": "08:00", "end": "09:00"} | changed]}}


def test_what_is_kept_is_read_back_as_it_was() -> None:
    """The canonical JSON reads as the same policy, with the same hash, and so does one that says little."""
    for policy in (read(FULL), read({"playbooks": {}})):
        again = ResponsePolicy.parsed(policy.canonical)
        assert again == policy
        assert (again.canonical, again.hash) == (policy.canonical, policy.hash)


def test_one_moment_has_one_spelling() -> None:
    """A date alone is its midnight, and a space is a T: the same policy, the same hash."""
    spelt = [
        read({"playbooks": {}, "freezes": [FREEZE | {"start": start}]}).hash
        for start in ("2026-12-24", "2026-12-24T00:00", "2026-12-24 00:00:00")
    ]
    assert len(set(spelt)) == 1


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"budgets": [{"scope": "fleet", "things": -3}]}, ("budgets", 0, "things")),
        ({"budgets": [{"scope": "fleet", "things": "3"}]}, ("budgets", 0, "things")),
        ({"budgets": [{"scope": "fleet", "things": 3.5}]}, ("budgets", 0, "things")),
        ({"budgets": [{"scope": "fleet", "things": True}]}, ("budgets", 0, "things")),
        ({"budgets": [{"scope": "fleet", "percent": 101}]}, ("budgets", 0, "percent")),
        ({"budgets": [{"scope": "fleet", "things": 1, "window_minutes": 0}]}, ("budgets", 0, "window_minutes")),
        ({"budgets": [{"scope": "fleet"}]}, ("budgets", 0)),
        ({"budgets": [{"scope": "fleet", "things": 1, "name": "x"}]}, ("budgets", 0)),
        ({"budgets": [{"scope": "group", "things": 1, "name": "a b"}]}, ("budgets", 0, "name")),
        ({"windows": {"zone": "Europe/Berln", "open": hours()["windows"]["open"]}}, ("windows", "zone")),
        ({"windows": {"zone": "UTC", "open": []}}, ("windows", "open")),
        (hours(days=[]), ("windows", "open", 0, "days")),
        (hours(days=["monday"]), ("windows", "open", 0, "days", 0)),
        (hours(start="8:00"), ("windows", "open", 0, "start")),
        (hours(end="24:00"), ("windows", "open", 0, "end")),
        ({"freezes": [FREEZE | {"start": 1766534400}]}, ("freezes", 0, "start")),
        ({"freezes": [FREEZE | {"start": "1766534400"}]}, ("freezes", 0, "start")),
        ({"freezes": [FREEZE | {"start": "2026-02-30"}]}, ("freezes", 0, "start")),
        ({"freezes": [FREEZE | {"start": "2026-12-24T00:00Z"}]}, ("freezes", 0, "start")),
        ({"freezes": [FREEZE | {"end": "2026-12-24"}]}, ("freezes", 0)),
        ({"freezes": [FREEZE | {"start": "0001-01-01"}]}, ("freezes", 0, "start")),
        ({"freezes": [FREEZE | {"name": " "}]}, ("freezes", 0, "name")),
        ({"exemptions": [{k: v for k, v in EXEMPTION.items() if k != "expires"}]}, ("exemptions", 0, "expires")),
        ({"exemptions": [EXEMPTION | {"expires": "2026-12-01T00:00"}]}, ("exemptions", 0, "expires")),
        ({"exemptions": [EXEMPTION | {"expires": None}]}, ("exemptions", 0, "expires")),
        ({"exemptions": [EXEMPTION | {"group": "g"}]}, ("exemptions", 0)),
        ({"exemptions": [{k: v for k, v in EXEMPTION.items() if k != "thing"}]}, ("exemptions", 0)),
        ({"restrict_topics": ["cmd/${iot:ClientId}"]}, ("restrict_topics", 0)),
        ({"restrict_topics": ["cmd/{name}"]}, ("restrict_topics", 0)),
        ({"restrict_topics": ["cmd/?"]}, ("restrict_topics", 0)),
        ({"identities": {"session_name_pinned_roles": ["on-call"]}}, ("identities", "session_name_pinned_roles", 0)),
        ({"leases": {"hours": 0}}, ("leases", "hours")),
        ({"freezes": [FREEZE] * 101}, ("freezes",)),
        ({"budgets": [{"scope": "fleet", "things": 1}] * 51}, ("budgets",)),
        ({"exemptions": [EXEMPTION] * 501}, ("exemptions",)),
        ({"surprise": 1}, ("surprise",)),
        ({"schema_version": 2}, ("schema_version",)),
        ({"playbooks": {"contain_thing": {}}}, ("playbooks", "contain_thing", "mode")),
        ({"playbooks": {"contain_thing": {"mode": "auto"}}}, ("playbooks", "contain_thing", "mode")),
        ({"playbooks": {"contain_thing": {"mode": "observe", "severity": {"hgih": "observe"}}}},
         ("playbooks", "contain_thing", "severity", "hgih", "[key]")),
    ],
)  # fmt: skip # a row is a line
def test_what_makes_no_sense_is_an_error_where_it_stands(part: dict[str, Any], where: tuple[Any, ...]) -> None:
    """No typo reads as nothing said, and no value as another: one error, at that field."""
    assert errors({"playbooks": {}} | part) == [where]


@pytest.mark.parametrize(
    "zone",
    ["localtime", "posixrules", "right/UTC", "posix/UTC", "Factory", "", "../etc/passwd", "/etc/localtime", "Europe"],
)
def test_a_zone_is_one_that_every_machine_has(zone: str) -> None:
    """What only this machine calls a zone, or what is a path, is none."""
    assert errors({"playbooks": {}, "freezes": [FREEZE | {"zone": zone}]}) == [("freezes", 0, "zone")]


@pytest.fixture
def no_zones_of_its_own() -> Iterator[None]:
    """Be a machine that has no time zones, as Lambda's image may be."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
def test_zones_are_known_where_the_machine_has_none(no_zones_of_its_own: None, zone: str) -> None:
    """They come along with the functions: a freeze of Berlin's begins by Berlin's clocks."""
    freeze = read({"playbooks": {}, "freezes": [FREEZE | {"zone": zone}]}).freezes[0]
    assert freeze.begins == datetime(2026, 12, 24, tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "skipped", "shown"),
    [
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T03:00"),
        ("Europe/Berlin", "2026-03-29T02:59:59", "2026-03-29T01:59:59"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T01:59"),
        ("Australia/Sydney", "2026-10-04T02:30", "2026-10-04T03:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:30"),
    ],
)
def test_a_freeze_begins_and_ends_when_the_clocks_show_it(zone: str, skipped: str, shown: str) -> None:
    """A time that the clocks skip in spring is an error, at its own field, and the ones beside it are none."""
    begin, end = "2026-01-01T00:00", "2026-12-31T00:00"
    for times in ({"start": skipped, "end": end}, {"start": begin, "end": skipped}):
        assert errors({"playbooks": {}, "freezes": [{"name": "x", "zone": zone} | times]}) == [("freezes", 0)]
    for times in ({"start": shown, "end": end}, {"start": begin, "end": shown}):
        assert read({"playbooks": {}, "freezes": [{"name": "x", "zone": zone} | times]}).freezes


OVERLAPS = [
    ([("mon", "08:00", "12:00"), ("mon", "11:59", "13:00")], "mon 11:59"),
    ([("mon", "08:00", "12:00"), ("mon", "08:00", "12:00")], "mon 08:00"),
    ([("mon", "22:00", "06:00"), ("tue", "05:00", "07:00")], "tue 05:00"),
    ([("sun", "22:00", "06:00"), ("mon", "05:59", "07:00")], "mon 05:59"),
    ([("sat", "08:00", "08:00"), ("sun", "07:00", "09:00")], "sun 07:00"),
]


@pytest.mark.parametrize(("hours", "at"), OVERLAPS)
def test_windows_that_overlap_are_an_error_that_says_which_and_when(hours: list[tuple[str, str, str]], at: str) -> None:
    """Two hours of one policy that hold the same minute are a mistake, also past midnight and past Sunday."""
    opened = [{"days": [day], "start": start, "end": end} for day, start, end in hours]
    with pytest.raises(ValidationError, match=at):
        read({"playbooks": {}, "windows": {"zone": "UTC", "open": opened}})


def test_windows_may_touch() -> None:
    """One that begins in the minute in which another ends does not overlap."""
    opened = [
        {"days": ["sun"], "start": "22:00", "end": "06:00"},
        {"days": ["mon"], "start": "06:00", "end": "12:00"},
        {"days": ["mon"], "start": "12:00", "end": "00:00"},
        {"days": ["tue"], "start": "00:00", "end": "00:00"},
    ]
    windows = read({"playbooks": {}, "windows": {"zone": "UTC", "open": opened}}).windows
    assert windows is not None
    assert sum(end - begin for hours in windows.open for begin, end in hours.minutes()) == (8 + 6 + 12 + 24) * 60
