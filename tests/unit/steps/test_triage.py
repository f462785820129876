from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cordon.incidents.admission import incident_id_for
from cordon.incidents.bus import Bus
from cordon.steps.triage import Rejected, Triage
from cordon.tickets.pager import Pager

from ..conftest import MORNING, Bed, an_alarm

SAMPLE = Path(__file__).parents[3] / "events" / "device-defender-detect.malformed.not-json-rejected.txt"


class Aws:
    """A bus, a topic and a queue that keep what they are given; the queue can be down."""

    def __init__(self) -> None:
        self.announced: list[str] = []
        self.pages: list[str] = []
        self.rejected: list[dict[str, Any]] = []
        self.queue_is_down = False

    def put_events(self, **request: Any) -> dict[str, Any]:
        """Keep what kind of event it is."""
        self.announced += [entry["DetailType"] for entry in request["Entries"]]
        return {"FailedEntryCount": 0}

    def publish(self, **message: Any) -> None:
        """Keep the subject."""
        self.pages.append(message["Subject"])

    def send_message(self, **message: Any) -> None:
        """Keep the body, or refuse."""
        if self.queue_is_down:
            raise ConnectionError
        self.rejected.append(json.loads(message["MessageBody"]))


def triage(bed: Bed, aws: Any) -> Triage:
    """Return triage over the bed's record."""
    queue = Rejected(aws, "queue")
    return Triage(bed.incidents, bed.admission, bed.evidence, Bus(aws, "cordon"), Pager(aws, "topic"), queue)


def sighted(bed: Bed, aws: Aws, alarm_id: str, **head: Any) -> None:
    """Let triage react to a sighting of the incident, whose head says this."""
    incident_id = incident_id_for(an_alarm(id="a1"))
    if head:
        bed.set_head(incident_id, **head)
    at = bed.clock.moment
    alarm = an_alarm(id=alarm_id, raised_at=at, received_at=at)
    admitted = bed.admission.admit(alarm)
    assert admitted is not None
    triage(bed, aws)._react(alarm, admitted)


@pytest.mark.parametrize(("minutes", "pages"), [(15, 1), (16, 2), (31, 3)])
def test_a_thing_that_a_person_has_pages_every_quarter_of_an_hour_at_most(bed: Bed, minutes: int, pages: int) -> None:
    """However often it alarms: the first sighting pages, and the next one fifteen minutes later."""
    aws = Aws()
    bed.opened(id="a1")
    for minute in range(minutes):
        sighted(bed, aws, f"b{minute}", status="escalated")
        bed.clock.advance(minutes=1)
    assert aws.pages == ["Cordon: pump-01 alarms again"] * pages
    assert aws.announced == []


def test_an_observed_incident_is_announced_to_be_assessed_again(bed: Bed) -> None:
    """Its playbook may claim it once more."""
    aws = Aws()
    bed.opened(id="a1")
    sighted(bed, aws, "a2", status="observed")
    assert (aws.announced, aws.pages) == (["Incident Opened"], [])


def test_a_contained_incident_is_questioned_once_but_again_for_a_redelivery(bed: Bed) -> None:
    """A storm starts one look; a message that comes again may have died before its event."""
    aws = Aws()
    bed.opened(id="a1")
    bed.clock.advance(minutes=20)
    contained = {"status": "contained", "proven_at": (MORNING + timedelta(minutes=10)).isoformat()}
    sighted(bed, aws, "a2", **contained)
    sighted(bed, aws, "a3")
    assert aws.announced == ["Containment Questioned"]
    sighted(bed, aws, "a3")
    assert aws.announced == ["Containment Questioned"] * 2


def test_an_alarm_from_before_the_proof_questions_nothing(bed: Bed) -> None:
    """It is dated before, and what it tells was answered."""
    aws = Aws()
    bed.opened(id="a1")
    sighted(bed, aws, "a2", status="contained", proven_at=(MORNING + timedelta(minutes=10)).isoformat())
    assert (aws.announced, aws.pages) == ([], [])


def test_what_can_never_be_accepted_is_put_before_a_person_once_and_remembered_last(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its field and a reference; while the queue is down nothing is remembered, so that it comes again."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")
    aws = Aws()
    aws.queue_is_down = True
    for _ in range(3):
        try:
            triage(bed, aws).receive(SAMPLE.read_text(), message_id="m1", received_at=MORNING)
        except ConnectionError:
            assert bed.admission.known("m1") is None
            aws.queue_is_down = False
    (message,) = aws.rejected
    assert message["field"]
    assert message["raw"]["key"] == "alarms/rejected/m1"
    assert (bed.admission.known("m1") or {})["became"] == "rejected"
