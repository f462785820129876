"""Triage may die after any call of a finding: redelivered, it ends the same, and nothing is lost or counted twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cordon.incidents import rows
from cordon.model.alarm import Certainty
from cordon.model.incident import IncidentStatus

from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Up, deaths, pages, the_incident
from tests.e2e.findings import another_finding, certainty_of, dead_letters, event_of, incidents, send

DEVICE_CREDENTIALS, TWO_THINGS = "device-credentials-contained", "attack-sequence-two-things-contained"


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS in which nobody answers what triage announces: what becomes of an incident is another test's."""
    running = up()
    events, bus = running.client("events"), running.stack.resource("Bus")
    for rule in events.list_rules(EventBusName=bus)["Rules"]:
        events.disable_rule(Name=rule["Name"], EventBusName=bus)
    return running


def announced(aws: LocalAws) -> set[str]:
    """The incidents that triage put on the bus."""
    calls = aws.calls.of(principal="TriageFunction", service="events", operation="PutEvents")
    entries = [entry for call in calls if call.error is None for entry in call.params["Entries"]]
    return {json.loads(entry["Detail"])["incident_id"] for entry in entries}


def require_one_each(aws: LocalAws, count: int) -> None:
    """There are so many incidents, each with one sighting and announced, and nothing is left over."""
    found = incidents(aws)
    assert len(found) == count
    assert {(incident.sightings, incident.status) for incident in found} == {(1, IncidentStatus.OPENED)}
    assert announced(aws) == {incident.id for incident in found}
    assert dead_letters(aws) == 0


def test_triage_may_die_after_any_call_of_a_finding_about_a_thing(aws: LocalAws) -> None:
    """Looked up, recorded and announced: redelivered, it is one incident about that thing, opened once."""
    played = []
    for number in deaths(aws, ["TriageFunction"]):
        played.append(f"dies-after-{number}")
        aws.fleet.add_thing(played[-1], {})
        send(aws, another_finding(event_of(aws, DEVICE_CREDENTIALS, thing=played[-1])))
    require_one_each(aws, len(played))
    assert sorted(incident.subject for incident in incidents(aws)) == sorted(played)
    assert {certainty_of(incident) for incident in incidents(aws)} == {Certainty.PROVEN}


def test_triage_may_die_after_any_call_of_a_finding_about_nothing(aws: LocalAws) -> None:
    """Each finding has its incident, of no thing, once."""
    played = 0
    for _ in deaths(aws, ["TriageFunction"]):
        played += 1
        send(aws, another_finding(event_of(aws, "no-clue-escalated")))
    require_one_each(aws, played)
    assert {incident.thing_name for incident in incidents(aws)} == {None}


def test_triage_may_die_after_any_call_of_a_finding_about_an_instance(aws: LocalAws) -> None:
    """The first opens the gateway's incident, and every other is a sighting of it, once."""
    played = 0
    for _ in deaths(aws, ["TriageFunction"]):
        played += 1
        send(aws, another_finding(event_of(aws, "runtime-empty-action-contained")))
    incident = the_incident(aws)
    assert (incident.thing_name, incident.sightings, dead_letters(aws)) == ("gateway-01", played, 0)


def sequence_of(aws: LocalAws, *things: str) -> dict[str, Any]:
    """A new attack sequence about two things that are added for it."""
    text = json.dumps(another_finding(event_of(aws, TWO_THINGS)))
    for known, added in zip(("pump-04", "mixer-01"), things, strict=True):
        aws.fleet.add_thing(added, {})
        text = text.replace(aws.fleet.certificate_id(known), aws.fleet.certificate_id(added))
    event: dict[str, Any] = json.loads(text)
    return event


def test_triage_may_die_after_any_call_of_a_sequence(aws: LocalAws) -> None:
    """Two things, two incidents: no death loses one, opens a third or counts one twice."""
    played: list[str] = []
    for number in deaths(aws, ["TriageFunction"]):
        things = [f"{name}-dies-after-{number}" for name in ("actor", "resource")]
        send(aws, sequence_of(aws, *things))
        played += things
    require_one_each(aws, len(played))
    assert sorted(incident.subject for incident in incidents(aws)) == sorted(played)


def archived_of(aws: LocalAws, thing: str) -> dict[str, Any]:
    """A finding about a thing that somebody archived."""
    return event_of(aws, "archived-ignored", thing=thing)


def sample_of(aws: LocalAws, thing: str) -> dict[str, Any]:
    """A sample about a thing."""
    return event_of(aws, "sample-ignored", thing=thing)


def unreadable(aws: LocalAws, thing: str) -> dict[str, Any]:
    """A finding that cannot be read."""
    return event_of(aws, "severity-99-rejected", thing=thing)


@pytest.mark.parametrize(
    ("made", "became"), [(archived_of, "ignored"), (sample_of, "ignored"), (unreadable, "rejected")]
)
def test_triage_may_die_after_any_call_of_what_opens_nothing(
    aws: LocalAws, made: Callable[[LocalAws, str], dict[str, Any]], became: str
) -> None:
    """Whatever dies, it is remembered for what it is, and nobody is asked about it."""
    sent = []
    for _ in deaths(aws, ["TriageFunction"]):
        sent.append(another_finding(made(aws, "camera-01")))
        send(aws, sent[-1])
    told = [row for event in sent for row in Record(aws).of_delivery(event["id"])]
    assert [row["became"] for row in told] == [became] * len(sent)
    assert all(row["reason"] for row in told)
    assert (incidents(aws), pages(aws), dead_letters(aws)) == ([], [], 0)


def test_triage_may_die_after_any_call_of_what_is_noted(aws: LocalAws) -> None:
    """Each archived finding about a thing with an open incident is noted there once."""
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    sent = 0
    for _ in deaths(aws, ["TriageFunction"]):
        sent += 1
        send(aws, another_finding(archived_of(aws, "camera-01")))
    incident = the_incident(aws)
    notes = [row["what"] for row in Record(aws).of_incident(incident.id, "TIMELINE#")].count("alarm-cleared")
    assert (notes, incident.sightings, dead_letters(aws)) == (sent, 1, 0)
    assert len(Record(aws).of_incident(incident.id, rows.SIGHTINGS)) == 1
