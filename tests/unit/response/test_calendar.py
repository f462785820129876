from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from cordon.response.calendar import closed, exempt

SECOND = timedelta(seconds=1)
ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def policy(**parts: Any) -> ResponsePolicy:
    """A policy with only these parts said."""
    return ResponsePolicy.model_validate({"playbooks": {}} | parts)


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def open_daily(zone: str, start: str, end: str, days: list[str] = ALL_DAYS) -> ResponsePolicy:
    """A policy whose windows are these hours of these days."""
    return policy(windows={"zone": zone, "open": [{"days": days, "start": start, "end": end}]})


def frozen(zone: str, start: str, end: str) -> ResponsePolicy:
    """A policy with one freeze."""
    return policy(freezes=[{"name": "Harvest", "zone": zone, "start": start, "end": end}])


# Each window with the instants, in UTC, from which it is open and from which it is shut.
WINDOWS = [
    ("Europe/Berlin", "08:00", "18:00", "2026-01-15T07:00", "2026-01-15T17:00"),  # winter: an hour before UTC
    ("Europe/Berlin", "08:00", "18:00", "2026-07-15T06:00", "2026-07-15T16:00"),  # summer: two
    # The night in which Berlin's clocks go from 02:00 to 03:00 is an hour shorter, the one back an hour longer.
    ("Europe/Berlin", "01:00", "04:00", "2026-03-29T00:00", "2026-03-29T02:00"),
    ("Europe/Berlin", "01:00", "04:00", "2026-10-24T23:00", "2026-10-25T03:00"),
    # It begins within the hour that is skipped, or ends there: it begins, or ends, where the clocks jump.
    ("Europe/Berlin", "02:30", "04:00", "2026-03-29T01:00", "2026-03-29T02:00"),
    ("Europe/Berlin", "01:00", "02:30", "2026-03-29T00:00", "2026-03-29T01:00"),
    # New York: at 02:00, too, and on other days.
    ("America/New_York", "01:00", "04:00", "2026-03-08T06:00", "2026-03-08T08:00"),
    ("America/New_York", "00:30", "04:00", "2026-11-01T04:30", "2026-11-01T09:00"),
    # Sydney, where it is summer in January; and an island that moves its clocks by half an hour.
    ("Australia/Sydney", "08:00", "18:00", "2026-01-14T21:00", "2026-01-15T07:00"),
    ("Australia/Sydney", "01:00", "04:00", "2026-04-04T14:00", "2026-04-04T18:00"),
    ("Australia/Sydney", "01:00", "04:00", "2026-10-03T15:00", "2026-10-03T17:00"),
    ("Australia/Lord_Howe", "01:00", "04:00", "2026-04-04T14:00", "2026-04-04T17:30"),
    # Past midnight, past Sunday, up to midnight, and a window of one minute.
    ("Europe/Berlin", "22:00", "06:00", "2026-01-14T21:00", "2026-01-15T05:00"),
    ("America/New_York", "22:00", "06:00", "2026-11-01T02:00", "2026-11-01T11:00"),
    ("UTC", "20:00", "00:00", "2026-01-15T20:00", "2026-01-16T00:00"),
    ("UTC", "23:59", "00:00", "2026-01-18T23:59", "2026-01-19T00:00"),
]


@pytest.mark.parametrize(("zone", "start", "end", "opens", "shuts"), WINDOWS)
def test_a_window_is_open_from_its_first_second_to_the_one_before_its_end(
    zone: str, start: str, end: str, opens: str, shuts: str
) -> None:
    """The clocks on the wall decide, also in the nights in which they are moved."""
    windows = open_daily(zone, start, end)
    assert closed(windows, utc(opens) - SECOND)
    assert closed(windows, utc(opens)) == []
    assert closed(windows, utc(shuts) - SECOND) == []
    assert closed(windows, utc(shuts))


def test_a_window_within_the_skipped_hour_does_not_open_that_day() -> None:
    """From 02:10 to 02:50 never comes in the night of spring, and comes twice in that of autumn."""
    windows = open_daily("Europe/Berlin", "02:10", "02:50")
    night = [utc("2026-03-29T00:00") + timedelta(minutes=minute) for minute in range(180)]
    assert [moment for moment in night if not closed(windows, moment)] == []
    assert len([m for m in night if not closed(windows, m + timedelta(days=1))]) == 40
    autumn = [utc("2026-10-24T23:00") + timedelta(minutes=minute) for minute in range(300)]
    open_at = [f"{moment:%H:%M}" for moment in autumn if not closed(windows, moment)]
    assert (open_at[0], open_at[39], open_at[40], open_at[79]) == ("00:10", "00:49", "01:10", "01:49")
    assert len(open_at) == 80


def test_a_window_that_begins_on_sunday_night_ends_on_monday() -> None:
    """The week is a circle: past Sunday it goes on, and no other night is open."""
    windows = open_daily("UTC", "22:00", "06:00", ["sun"])
    assert closed(windows, utc("2026-01-18T22:00")) == []
    assert closed(windows, utc("2026-01-19T05:59:59")) == []
    assert closed(windows, utc("2026-01-19T06:00"))
    assert closed(windows, utc("2026-01-19T22:00"))
    assert closed(windows, utc("2026-01-18T05:00"))


def test_a_window_that_ends_when_it_starts_is_a_whole_day() -> None:
    """From 08:00 to 08:00 is 24 hours, and every day of it is always."""
    assert closed(open_daily("UTC", "08:00", "08:00", ["mon"]), utc("2026-01-20T07:59:59")) == []
    assert closed(open_daily("UTC", "08:00", "08:00", ["mon"]), utc("2026-01-20T08:00"))
    always = open_daily("UTC", "08:00", "08:00")
    assert not any(closed(always, utc("2026-01-18T00:00") + timedelta(minutes=n)) for n in range(0, 11_000, 17))


def test_a_policy_without_windows_and_freezes_is_never_closed() -> None:
    """Only what is said shuts."""
    assert closed(policy(), utc("2026-01-01T00:00")) == []


# Each freeze with the instants, in UTC, at which it begins and ends.
FREEZES = [
    ("Europe/Berlin", "2026-12-24T00:00", "2027-01-02T00:00", "2026-12-23T23:00", "2027-01-01T23:00"),
    # Across a change of the clocks: each edge by the offset of its own day.
    ("Europe/Berlin", "2026-03-28T12:00", "2026-03-30T12:00", "2026-03-28T11:00", "2026-03-30T10:00"),
    ("Europe/Berlin", "2026-10-24T12:00", "2026-10-26T12:00", "2026-10-24T10:00", "2026-10-26T11:00"),
    ("America/New_York", "2026-03-07T12:00", "2026-03-09T12:00", "2026-03-07T17:00", "2026-03-09T16:00"),
    ("America/New_York", "2026-10-31T12:00", "2026-11-02T12:00", "2026-10-31T16:00", "2026-11-02T17:00"),
    ("Australia/Sydney", "2026-04-04T12:00", "2026-04-06T12:00", "2026-04-04T01:00", "2026-04-06T02:00"),
    ("Australia/Sydney", "2026-10-03T12:00", "2026-10-05T12:00", "2026-10-03T02:00", "2026-10-05T01:00"),
    # An edge that the clocks show twice: the freeze is the longer of the two that it could be.
    ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T12:00", "2026-10-25T00:30", "2026-10-25T11:00"),
    ("Europe/Berlin", "2026-10-24T12:00", "2026-10-25T02:30", "2026-10-24T10:00", "2026-10-25T01:30"),
    ("Europe/Berlin", "2026-10-25T02:10", "2026-10-25T02:30", "2026-10-25T00:10", "2026-10-25T01:30"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T12:00", "2026-11-01T05:30", "2026-11-01T17:00"),
    ("America/New_York", "2026-10-31T12:00", "2026-11-01T01:30", "2026-10-31T16:00", "2026-11-01T06:30"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T12:00", "2026-04-04T14:45", "2026-04-05T01:30"),
]


@pytest.mark.parametrize(("zone", "start", "end", "begins", "ends"), FREEZES)
def test_a_freeze_lasts_from_its_first_second_to_the_one_before_its_end(
    zone: str, start: str, end: str, begins: str, ends: str
) -> None:
    """An edge that could be two instants is the one that makes the freeze longer."""
    freeze = frozen(zone, start, end)
    assert closed(freeze, utc(begins) - SECOND) == []
    assert closed(freeze, utc(begins))
    assert closed(freeze, utc(ends) - SECOND)
    assert closed(freeze, utc(ends)) == []


def test_the_present_may_be_told_in_any_zone() -> None:
    """An instant is the same instant, however it is written, also in the zone of the freeze."""
    freeze = frozen("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T12:00")
    for offset in ("+00:00", "+05:30", "-09:30"):
        moment = datetime.fromisoformat("2026-10-25T00:30:00+00:00").astimezone(
            datetime.fromisoformat(f"2026-01-01T00:00:00{offset}").tzinfo
        )
        assert closed(freeze, moment)
        assert closed(freeze, moment - SECOND) == []


def test_each_reason_is_a_sentence_that_names_window_or_freeze_and_zone() -> None:
    """A person reads why Cordon waits for him; a freeze's name cannot break the line."""
    both = policy(
        windows={"zone": "Europe/Berlin", "open": [{"days": ["mon"], "start": "08:00", "end": "18:00"}]},
        freezes=[{"name": "Har\nvest", "zone": "UTC", "start": "2026-12-24", "end": "2027-01-02"}],
    )
    assert closed(both, utc("2026-12-26T12:00")) == [
        "the freeze 'Har\N{REPLACEMENT CHARACTER}vest' lasts until 2027-01-02 00:00:00+0000 in UTC",
        "it is sat 13:00 in Europe/Berlin, outside the windows in which Cordon acts by itself",
    ]


def exemption(**about: Any) -> dict[str, Any]:
    """An exemption that expires at noon in Berlin's winter."""
    return {"owner": "plant team", "reason": "being moved", "expires": "2026-12-01T12:00+01:00"} | about


@pytest.mark.parametrize("about", [{"thing": "pump-01"}, {"group": "line-1"}, {"type": "pump"}], ids=str)
def test_an_exemption_holds_to_the_second_before_it_expires(about: dict[str, str]) -> None:
    """It is about a thing, a group or a type, and its reason names whose it is, why, and until when."""
    one = policy(exemptions=[exemption(**about)])
    end = utc("2026-12-01T11:00")
    ((kind, name),) = about.items()
    assert exempt(one, "pump-01", ["line-1", "all"], "pump", end - SECOND) == [
        f"{kind} {name} is exempt until 2026-12-01T12:00:00+01:00, says 'plant team': 'being moved'"
    ]
    assert exempt(one, "pump-01", ["line-1", "all"], "pump", end) == []


def test_an_exemption_is_about_nothing_else() -> None:
    """Another thing, another group, a thing of no type: not exempt, whatever names are the same."""
    all_three = policy(exemptions=[exemption(thing="a"), exemption(group="b"), exemption(type="c")])
    assert exempt(all_three, "b", ["c", "a"], "a", utc("2026-01-01T00:00")) == []
    assert exempt(all_three, "c", [], None, utc("2026-01-01T00:00")) == []
    assert len(exempt(all_three, "a", ["b"], "c", utc("2026-01-01T00:00"))) == 3
