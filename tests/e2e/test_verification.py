"""Contained is said only of what was seen to be cut off."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from cordon.actions.session import DROP_SESSION
from cordon.incidents.record import parsed
from cordon.model.change import EffectRecord
from cordon.model.incident import Incident, IncidentStatus, LegOutcome

from playtest.fleet import Behaviour
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, answered, pages

READS = {"DescribeCertificate": 1, "GetPolicy": 1, "ListAttachedPolicies": 2, "ListThingGroupsForThing": 1}
"""What reads the changes of pump-01 back: a certificate, a policy, two attachments and a membership."""


def drops(aws: LocalAws, incident: Incident) -> int:
    """How many times a session was really dropped."""
    records = [parsed(EffectRecord, row) for row in Record(aws).of_incident(incident.id, "EFFECT#")]
    return sum(record.effect.action == DROP_SESSION and record.outcome == "dropped" for record in records)


def test_a_certificate_that_stays_accepted_ends_partial_and_pages(aws: LocalAws, alarm: Alarm) -> None:
    """A device that AWS keeps letting in, although its certificate is INACTIVE, is not called contained."""
    aws.fleet.certificate_stays_accepted("pump-01")
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.PARTIAL
    assert [leg.outcome for leg in incident.legs] == [LegOutcome.CONNECTED]
    assert incident.proven_at is None
    assert pages(aws) == [f"Cordon: incident {incident.id} is not fully contained"]
    assert aws.executions()[0].status == "FAILED", "no unproven containment is green"


@pytest.mark.parametrize("comebacks", [1, 3])
def test_a_device_that_comes_back_between_drops_is_dropped_until_it_stays_away(
    aws: LocalAws, alarm: Alarm, comebacks: int
) -> None:
    """It is dropped once more for each time it came back, and contained once it was away long enough."""
    aws.fleet.behave("pump-01", Behaviour.STUBBORN, comebacks=comebacks)
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.CONTAINED
    assert drops(aws, incident) == 1 + comebacks
    assert pages(aws) == []


def test_a_device_that_comes_and_leaves_between_two_looks_is_not_called_gone(aws: LocalAws, alarm: Alarm) -> None:
    """No look finds it connected, but the broker says when it left: the quiet is counted from there."""
    aws.fleet.behave("pump-01", Behaviour.QUIET)
    aws.fleet.certificate_stays_accepted("pump-01")
    left: list[datetime] = []

    broker = aws.fleet.broker
    certificate = broker.registry.certificate_arn(aws.fleet.certificate_id("pump-01"))

    def visit(_before: datetime, after: datetime) -> None:
        if len(left) < 2 and aws.calls.of(operation="DeleteConnection"):
            broker.connect("pump-01", certificate)
            broker.leave("pump-01")
            left.append(after)

    aws.clock.subscribe(visit)
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.CONTAINED
    assert incident.proven_at is not None
    assert (incident.proven_at - left[-1]).total_seconds() >= 540


def test_a_device_whose_certificate_bites_late_is_contained_when_it_has_bitten(aws: LocalAws, alarm: Alarm) -> None:
    """The quiet begins when the device was last seen, not when its certificate was shut off."""
    aws.fleet.certificate_bites_after("pump-01", 400)
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.CONTAINED
    assert incident.first_contained_at is not None
    assert incident.proven_at is not None
    assert (incident.proven_at - incident.first_contained_at).total_seconds() >= 400 + 540 - 60


def test_a_change_that_somebody_reverts_while_it_is_verified_ends_partial(aws: LocalAws, alarm: Alarm) -> None:
    """What the last look reads back must be what was planned; until then the device is dropped whenever it is back."""
    certificate = aws.fleet.certificate_id("pump-01")

    def reactivate(_before: datetime, _after: datetime) -> None:
        if any(call.operation == "DeleteConnection" for call in aws.calls):
            aws.client("iot").update_certificate(certificateId=certificate, newStatus="ACTIVE")

    aws.clock.subscribe(reactivate)
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.PARTIAL
    assert f"certificate/{certificate}" in {leg.resource for leg in incident.legs if not leg.proven}
    assert drops(aws, incident) > 1


def test_what_was_changed_is_read_back_at_the_last_look_alone(aws: LocalAws, alarm: Alarm) -> None:
    """IoT's quotas are low: the looks before it ask for sessions only, and the last one reads each change once."""
    answered(aws, alarm("pump-01"))
    calls = aws.calls.of(principal="VerifyContainmentFunction")
    looks = list(dict.fromkeys(call.request_id for call in calls))
    reads = [call for call in calls if call.operation in READS]
    assert len(looks) == 6
    assert {call.request_id for call in reads} == {looks[-1]}
    assert Counter(call.operation for call in reads) == READS
