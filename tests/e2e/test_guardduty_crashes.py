"""Triage may die after any call of a finding: redelivered, it ends the same, and nothing is lost or counted twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cordon.incidents import rows
from cordon.model.alarm import Certainty
from cordon.model.incident import IncidentStatus, Mode

from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Up, deaths, pages, the_incident, tickets_of
from tests.e2e.findings import another_finding, certainty_of, dead_letters, event_of, incidents, send

DEVICE_CREDENTIALS, TWO_THINGS = "device-credentials-contained", "attack-sequence-two-things-contained"
SHARES = 3
"""Into how many tests the deaths of a sequence are dealt, so that they run beside each other."""


def require_one_each(aws: LocalAws, count: int) -> None:
    """There are so many incidents, each with one sighting and one ticket, and nothing is left over."""
    found = incidents(aws)
    assert len(found) == count
    assert {incident.sightings for incident in found} == {1}
    assert {len(tickets_of(aws, incident.id)) for incident in found} == {1}
    assert {incident.status for incident in found} <= {IncidentStatus.OBSERVED, IncidentStatus.ESCALATED}
    assert dead_letters(aws) == 0


def test_triage_may_die_after_any_call_of_a_finding_about_a_thing(up: Up) -> None:
    """Looked up, recorded and announced: redelivered, it is one incident about that thing, opened once."""
    aws = up(Mode.OBSERVE)
    played = []
    for number in deaths(aws, ["TriageFunction"]):
        played.append(f"dies-after-{number}")
        aws.fleet.add_thing(played[-1], {})
        send(aws, another_finding(event_of(aws, DEVICE_CREDENTIALS, thing=played[-1])))
    require_one_each(aws, len(played))
    assert sorted(incident.subject for incident in incidents(aws)) == sorted(played)
    assert {certainty_of(incident) for incident in incidents(aws)} == {Certainty.PROVEN}


def test_triage_may_die_after_any_call_of_a_finding_about_nothing(up: Up) -> None:
    """Each finding has its incident before a person, once."""
    aws = up()
    played = 0
    for _ in deaths(aws, ["TriageFunction"]):
        played += 1
        send(aws, another_finding(event_of(aws, "no-clue-escalated")))
    require_one_each(aws, played)
    assert len(pages(aws)) == played


def test_triage_may_die_after_any_call_of_a_finding_about_an_instance(up: Up) -> None:
    """The first opens the gateway's incident, and every other is a sighting of it, once."""
    aws = up(Mode.APPROVE)
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


@pytest.mark.parametrize("first", range(1, SHARES + 1))
def test_triage_may_die_after_any_call_of_a_sequence(up: Up, first: int) -> None:
    """Two things, two incidents: no death loses one, opens a third or counts one twice."""
    aws = up(Mode.OBSERVE)
    played: list[str] = []
    for number in deaths(aws, ["TriageFunction"], first, SHARES):
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
    up: Up, made: Callable[[LocalAws, str], dict[str, Any]], became: str
) -> None:
    """Whatever dies, it is remembered for what it is, and nobody is asked about it."""
    aws = up(Mode.OBSERVE)
    sent = []
    for _ in deaths(aws, ["TriageFunction"]):
        sent.append(another_finding(made(aws, "camera-01")))
        send(aws, sent[-1])
    told = [row for event in sent for row in Record(aws).of_delivery(event["id"])]
    assert [row["became"] for row in told] == [became] * len(sent)
    assert all(row["reason"] for row in told)
    assert (incidents(aws), pages(aws), dead_letters(aws)) == ([], [], 0)


def test_triage_may_die_after_any_call_of_what_is_noted(up: Up) -> None:
    """Each archived finding about a thing with an open incident is noted there once."""
    aws = up(Mode.OBSERVE)
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    sent = 0
    for _ in deaths(aws, ["TriageFunction"]):
        sent += 1
        send(aws, another_finding(archived_of(aws, "camera-01")))
    incident = the_incident(aws)
    notes = [row["what"] for row in Record(aws).of_incident(incident.id, "TIMELINE#")].count("alarm-cleared")
    assert (notes, incident.sightings, dead_letters(aws)) == (sent, 1, 0)
    assert len(Record(aws).of_incident(incident.id, rows.SIGHTINGS)) == 1
