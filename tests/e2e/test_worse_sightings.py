"""An incident that became worse, or was seen again after weeks, is judged by what is known now."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from cordon.model.alarm import Certainty, Severity
from cordon.model.incident import IncidentStatus, Mode
from cordon.model.response_policy import PlaybookPolicy

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, Up, answer, answered, deaths, pages, the_incident
from tests.e2e.findings import another_finding, certainty_of, dead_letters, event_of, incidents, send
from tests.e2e.test_sightings import now_in_millis

DEVICE, KNOCKED_AT = "device-credentials-contained", "brute-force-target-awaiting_approval"
ONLY_SHOW_LOW = {"contain_thing": PlaybookPolicy(mode=Mode.AUTOMATIC, severity={Severity.LOW: Mode.OBSERVE})}
WEEKS = 20 * 86400


@pytest.fixture
def low_first(up: Up) -> tuple[LocalAws, dict[str, Any]]:
    """A policy that only shows what is low, and a low finding about camera-01, which was shown."""
    aws = up(playbooks=ONLY_SHOW_LOW)
    event = event_of(aws, DEVICE, severity=2)
    send(aws, event)
    assert the_incident(aws).status is IncidentStatus.OBSERVED
    return aws, event


def test_a_critical_finding_is_answered_though_a_low_one_came_first(
    low_first: tuple[LocalAws, dict[str, Any]],
) -> None:
    """The same incident is assessed again, as bad as it is by now."""
    aws, low = low_first
    send(aws, another_finding({**low, "detail": {**low["detail"], "severity": 9.5}}))
    incident = the_incident(aws)
    assert (incident.status, incident.severity, incident.sightings) == (
        IncidentStatus.CONTAINED,
        Severity.CRITICAL,
        2,
    )


def test_a_finding_that_grows_is_answered(low_first: tuple[LocalAws, dict[str, Any]]) -> None:
    """GuardDuty sends the very same finding again with a higher severity."""
    aws, low = low_first
    send(aws, {**low, "id": str(uuid4()), "detail": {**low["detail"], "severity": 9.5}})
    assert the_incident(aws).status is IncidentStatus.CONTAINED


def test_nobody_makes_a_low_alarm_critical_by_what_anybody_can_cause(up: Up) -> None:
    """A low alarm of the gateway is shown; an attack on it from outside goes to a person, and cuts nothing off."""
    aws = up(playbooks=ONLY_SHOW_LOW)
    send(aws, event_of(aws, "brute-force-actor-contained", severity=2))
    before = aws.fleet.snapshot()
    send(aws, event_of(aws, KNOCKED_AT, severity=10))
    incident = the_incident(aws)
    assert (incident.status, incident.severity, certainty_of(incident)) == (
        IncidentStatus.AWAITING_APPROVAL,
        Severity.CRITICAL,
        Certainty.PROVEN,
    )
    assert any("that it is critical is only inferred" in reason for reason in incident.reasons)
    assert diff(before, aws.fleet.snapshot()) == []


def test_an_approval_that_waits_pages_again_when_it_becomes_worse(up: Up) -> None:
    """Once for each severity, however often the message comes; the approval waits on, and nothing is changed."""
    aws = up(Mode.APPROVE)
    low = event_of(aws, DEVICE, severity=2)
    send(aws, low)
    before, told = aws.fleet.snapshot(), len(pages(aws))
    worse = another_finding({**low, "detail": {**low["detail"], "severity": 9.5}})
    for event in (worse, worse, another_finding(worse)):
        send(aws, event)
    incident = the_incident(aws)
    assert (incident.status, incident.severity) == (IncidentStatus.AWAITING_APPROVAL, Severity.CRITICAL)
    assert len(pages(aws)) == told + 1
    assert diff(before, aws.fleet.snapshot()) == []


def test_triage_may_die_anywhere_of_what_became_worse(up: Up) -> None:
    """Each is told of, no more than twice, raised once and counted once."""
    aws = up(Mode.APPROVE)
    names = [f"dies-after-{number}" for number in range(12)]
    lows = {}
    for name in names:
        aws.fleet.add_thing(name, {})
        lows[name] = another_finding(event_of(aws, DEVICE, thing=name, severity=2))
        send(aws, lows[name])
    numbers = count()
    for _ in deaths(aws, ["TriageFunction"]):
        low = lows[names[next(numbers)]]
        send(aws, another_finding({**low, "detail": {**low["detail"], "severity": 9.5}}))
    played = set(names[: next(numbers)])
    for incident in incidents(aws):
        told = [subject for subject in pages(aws) if subject == f"Cordon: {incident.subject} is now critical"]
        is_played = incident.subject in played
        assert (1 <= len(told) <= 2) is is_played
        assert incident.severity is (Severity.CRITICAL if is_played else Severity.LOW)
        assert (incident.sightings, incident.worse) == (1 + is_played, False)
    assert dead_letters(aws) == 0


def observed_weeks_ago(up: Up, alarm: Alarm, **fields: Any) -> LocalAws:
    """A thing that alarmed twenty days ago, when the policy only showed it; by now it answers."""
    aws = up(Mode.OBSERVE, max_age_hours=336)
    answer(aws, alarm("pump-01", violationEventTime=now_in_millis(aws), **fields))
    assert the_incident(aws).status is IncidentStatus.OBSERVED
    aws.clock.advance(WEEKS)
    aws.put_in_force(demo_policy(Mode.AUTOMATIC, max_age_hours=336))
    aws.clock.advance(60)
    return aws


def test_a_fresh_alarm_of_an_observed_incident_is_not_weeks_old(up: Up, alarm: Alarm) -> None:
    """It is answered as it would be if nothing had come before it."""
    aws = observed_weeks_ago(up, alarm)
    fresh = answered(aws, alarm("pump-01", violationEventTime=now_in_millis(aws), violationId=str(uuid4())))
    assert (fresh.status, fresh.sightings, fresh.reasons) == (IncidentStatus.CONTAINED, 2, [])


def test_an_old_alarm_that_comes_again_stays_old(up: Up, alarm: Alarm) -> None:
    """A replay of weeks ago makes nothing younger: a person decides, and nothing is changed."""
    aws = observed_weeks_ago(up, alarm)
    before, old = aws.fleet.snapshot(), now_in_millis(aws) - WEEKS * 1000
    replayed = answered(aws, alarm("pump-01", violationEventTime=old, violationId=str(uuid4())))
    assert (replayed.status, replayed.reasons) == (IncidentStatus.AWAITING_APPROVAL, ["the alarm is 20 days old"])
    assert diff(before, aws.fleet.snapshot()) == []


def test_a_dispute_is_of_the_alarm_that_was_disputed(up: Up, alarm: Alarm) -> None:
    """One of weeks ago that a person marked says nothing of another of today, and one marked today does."""
    aws = observed_weeks_ago(up, alarm, verificationState="FALSE_POSITIVE")
    fresh = answered(aws, alarm("pump-01", violationEventTime=now_in_millis(aws), violationId=str(uuid4())))
    assert fresh.status is IncidentStatus.CONTAINED


def test_a_dispute_of_the_newest_alarm_is_a_persons(up: Up, alarm: Alarm) -> None:
    """Whatever the opening alarm said."""
    aws = observed_weeks_ago(up, alarm)
    before = aws.fleet.snapshot()
    marked = {"violationId": str(uuid4()), "verificationState": "FALSE_POSITIVE"}
    disputed = answered(aws, alarm("pump-01", violationEventTime=now_in_millis(aws), **marked))
    assert disputed.status is IncidentStatus.AWAITING_APPROVAL
    assert disputed.reasons == ["a person has marked its finding a false positive"]
    assert diff(before, aws.fleet.snapshot()) == []
