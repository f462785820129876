"""What a sighting changes of its incident's head: severity, how sure that is, and how new its newest alarm is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cordon.errors import RecordBusy
from cordon.incidents import rows
from cordon.incidents.sightings import told_that_it_is_worse
from cordon.incidents.table import ConditionFailed, key, update
from cordon.model.alarm import Alarm, Attribution, Certainty, Severity
from cordon.model.incident import Incident, IncidentStatus

from ..conftest import MORNING, Bed, an_alarm

LOW, MEDIUM, HIGH, CRITICAL = Severity
HOUR = timedelta(hours=1)


def tied(certainty: Certainty) -> Attribution:
    """How an alarm was tied to its thing."""
    return Attribution(certainty=certainty, how="by a test.")


PROVEN, INFERRED = tied(Certainty.PROVEN), tied(Certainty.INFERRED)


def joined(bed: Bed, number: int, **changed: Any) -> Incident:
    """Let an alarm join, or open, the incident of pump-01, and return that."""
    return bed.opened(**{"id": f"a{number}", "finding_id": f"f{number}", **changed})


@pytest.mark.parametrize("status", ["opened", "responding", "observed", "awaiting_approval", "contained"])
def test_an_incident_is_as_bad_as_the_worst_of_its_alarms(bed: Bed, status: str) -> None:
    """Whatever it is doing; a milder one takes nothing back, and a redelivery changes nothing."""
    first = joined(bed, 1, severity=LOW)
    bed.set_head(first.id, status=status)
    seen = [joined(bed, number, severity=severity).severity for number, severity in enumerate(Severity, start=2)]
    assert seen == list(Severity)
    assert joined(bed, 9, severity=MEDIUM).severity is CRITICAL
    rows_before = bed.everything()
    assert joined(bed, 5, severity=CRITICAL).sightings == 6
    assert bed.everything() == rows_before


@pytest.mark.parametrize(
    ("status", "is_with_people"),
    [(status, status in {"awaiting_approval", "escalated", "partial"}) for status in IncidentStatus],
)
def test_people_are_owed_to_hear_of_what_became_worse(bed: Bed, status: str, is_with_people: bool) -> None:
    """Where they have it already: nobody else would tell them. What is no worse is no news."""
    if status in {"stood_down", "closed"}:
        return
    bed.set_head(joined(bed, 1, severity=MEDIUM).id, status=status)
    assert joined(bed, 2, severity=MEDIUM).worse is False
    assert joined(bed, 3, severity=HIGH).worse is is_with_people


def test_what_became_worse_again_stays_owed(bed: Bed) -> None:
    """A page that told of less than it is by now settles nothing."""
    bed.set_head(joined(bed, 1, severity=LOW).id, status="escalated")
    told = joined(bed, 2, severity=MEDIUM)
    now = joined(bed, 3, severity=HIGH)
    with pytest.raises(ConditionFailed):
        bed.table.write(told_that_it_is_worse(told))
    assert bed.incidents.get(now.id).worse is True
    bed.table.write(told_that_it_is_worse(now))
    assert bed.incidents.get(now.id).worse is False


@pytest.mark.parametrize(
    ("alarms", "severe", "sure"),
    [
        ([(LOW, PROVEN)], LOW, LOW),
        ([(LOW, None)], LOW, LOW),
        ([(CRITICAL, INFERRED)], CRITICAL, None),
        ([(LOW, PROVEN), (CRITICAL, INFERRED)], CRITICAL, LOW),
        ([(CRITICAL, INFERRED), (LOW, PROVEN)], CRITICAL, LOW),
        ([(CRITICAL, INFERRED), (LOW, PROVEN), (HIGH, PROVEN)], CRITICAL, HIGH),
        ([(LOW, PROVEN), (CRITICAL, INFERRED), (CRITICAL, PROVEN)], CRITICAL, CRITICAL),
        ([(LOW, INFERRED), (HIGH, INFERRED)], HIGH, None),
    ],
)
def test_how_bad_it_surely_is_stands_apart(
    bed: Bed, alarms: list[tuple[Severity, Attribution | None]], severe: Severity, sure: Severity | None
) -> None:
    """What anybody could have caused is shown to people, and never taken for what is sure."""
    for number, (severity, attribution) in enumerate(alarms):
        incident = joined(bed, number, severity=severity, attribution=attribution)
    assert (incident.severity, incident.surely_severe) == (severe, sure)


def test_an_incident_of_an_earlier_version_keeps_what_was_sure(bed: Bed) -> None:
    """Its head says neither how bad it surely is nor which alarm is the newest: what opened it counts."""
    first = joined(bed, 1, severity=LOW, attribution=PROVEN)
    row_key = key(rows.of_incident(first.id), rows.HEAD)
    bed.table.write(update(row_key, remove=["sure_severity", "newest", "newest_at"]))
    old = bed.incidents.get(first.id)
    assert (old.surely_severe, old.last_seen_at) == (LOW, first.last_seen_at)
    after = joined(bed, 2, severity=CRITICAL, attribution=INFERRED, raised_at=MORNING)
    assert (after.severity, after.sure_severity, after.last_seen_at) == (CRITICAL, LOW, first.last_seen_at)
    assert joined(bed, 3, attribution=PROVEN, raised_at=MORNING).newest == "a3"


@pytest.mark.parametrize(
    ("raised", "received", "newest", "at"),
    [
        (HOUR, HOUR, "a2", HOUR),
        (timedelta(0), HOUR, "a2", timedelta(0)),
        (-HOUR, HOUR, "a1", timedelta(0)),
        (24 * HOUR, HOUR, "a2", HOUR),  # a clock that runs a day ahead is believed as far as we saw it ourselves
    ],
)
def test_the_newest_alarm_is_the_one_that_was_seen_last(
    bed: Bed, raised: timedelta, received: timedelta, newest: str, at: timedelta
) -> None:
    """By the detector's time, and never later than it reached us; a replay of an old one makes nothing younger."""
    joined(bed, 1, raised_at=MORNING)
    after = joined(bed, 2, raised_at=MORNING + raised, received_at=MORNING + received)
    assert (after.newest, after.last_seen_at) == (newest, MORNING + at)
    assert after.alarm_raised_at == MORNING


@pytest.mark.parametrize(
    ("first", "second", "newest"),
    [
        (PROVEN, INFERRED, "a1"),
        (INFERRED, INFERRED, "a2"),
        (INFERRED, PROVEN, "a2"),
        (PROVEN, tied(Certainty.STATED), "a2"),
        (None, INFERRED, "a1"),
    ],
)
def test_what_is_less_sure_makes_nothing_younger(
    bed: Bed, first: Attribution | None, second: Attribution, newest: str
) -> None:
    """Else whoever provokes a finding could have an old alarm answered as if it was of today."""
    joined(bed, 1, raised_at=MORNING - HOUR, attribution=first)
    assert joined(bed, 2, raised_at=MORNING, attribution=second).newest == newest


def test_a_surer_alarm_counts_from_its_own_time(bed: Bed) -> None:
    """Also where it is older than the guess before it: what is sure is as old as it is."""
    joined(bed, 1, raised_at=MORNING, attribution=INFERRED)
    after = joined(bed, 2, raised_at=MORNING - HOUR, attribution=PROVEN)
    assert (after.newest, after.last_seen_at) == ("a2", MORNING - HOUR)
    assert after.attribution == PROVEN


def test_alarms_that_race_end_as_they_would_one_by_one(bed: Bed) -> None:
    """Twenty at once of every severity and time: the worst, the surest and the newest win, and each is counted."""
    steps = list(Severity)
    alarms = [
        an_alarm(
            id=f"a{number:02}",
            finding_id=f"f{number}",
            severity=steps[number % 4],
            attribution=PROVEN if number % 2 else INFERRED,
            raised_at=MORNING - timedelta(minutes=number * 7 % 20),
        )
        for number in range(20)
    ]

    def admit(alarm: Alarm) -> None:
        for _ in range(50):
            try:
                bed.admission.admit(alarm)
            except RecordBusy:
                continue
            return
        raise AssertionError("busy fifty times")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(admit, alarms))
    incident = bed.incidents.get(bed.open_id() or "")
    proven = [alarm for alarm in alarms if alarm.attribution == PROVEN]
    assert incident.sightings == 20
    assert (incident.severity, incident.surely_severe, incident.attribution) == (CRITICAL, CRITICAL, PROVEN)
    assert incident.last_seen_at == max(alarm.raised_at for alarm in proven)
    assert incident.newest == max(proven, key=lambda alarm: alarm.raised_at).id
