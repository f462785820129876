"""GuardDuty finds something: how the tests put a finding on the default bus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from cordon.model.alarm import Certainty
from cordon.model.incident import Incident

from playtest.local_aws import LocalAws
from playtest.run.raw_alarm import RawAlarm
from playtest.run.record import Record

EVENTS = Path(__file__).parents[2] / "events"


def event_of(aws: LocalAws, case: str, *, thing: str = "", role: str = "", **detail: Any) -> dict[str, Any]:
    """A sample finding as a new event, with other fields in its detail, another device or another role in its clues."""
    text = (EVENTS / f"guardduty.finding.{case}.json").read_text()
    text = text.replace("certificate-id:camera-01", f"certificate-id:{thing or 'camera-01'}")
    filled = RawAlarm(case, text).filled_in(aws.fleet.certificate_id, aws.fleet.role_id, aws.clock.now())
    event: dict[str, Any] = json.loads(filled.replace(aws.fleet.role_id("DeviceRole"), role) if role else filled)
    event["detail"] |= detail
    return {**event, "id": str(uuid4())}


def another_finding(event: dict[str, Any]) -> dict[str, Any]:
    """The same of another finding."""
    arn = event["detail"]["arn"].rpartition("/")[0] + f"/{uuid4().hex}"
    return {**event, "id": str(uuid4()), "detail": {**event["detail"], "arn": arn}}


def send(aws: LocalAws, event: dict[str, Any]) -> None:
    """Put an event on the default bus, and wait until everything that comes of it is done."""
    assert aws.put_event(event)
    aws.settle()


def incidents(aws: LocalAws) -> list[Incident]:
    """Every incident, oldest first."""
    return Record(aws).incidents()


def dead_letters(aws: LocalAws) -> int:
    """How many messages triage gave up on."""
    url = aws.stack.resource("AlarmDeadLetterQueue")
    asked = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def certainty_of(incident: Incident) -> Certainty:
    """How sure it is that the incident is about its thing."""
    assert incident.attribution is not None
    return incident.attribution.certainty
