"""What a further alarm about the same thing does, by where its incident stands."""

from __future__ import annotations

import pytest
from cordon.model.incident import IncidentStatus, Mode

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answered, pages, the_incident


def now_in_millis(aws: LocalAws) -> int:
    """The present moment as Device Defender writes it."""
    return int(aws.clock.now().timestamp() * 1000)


def executions_of(aws: LocalAws, machine: str) -> int:
    """How many executions of a state machine there were."""
    return sum(execution.state_machine == machine for execution in aws.executions())


@pytest.mark.parametrize("kind", ["alarm-cleared", "alarm-invalidated"])
def test_a_cleared_alarm_is_noted_and_stands_nothing_down(aws: LocalAws, alarm: Alarm, kind: str) -> None:
    """A clever intruder goes quiet: the device stays contained, and the timeline says what came."""
    contained = answered(aws, alarm("pump-01"))
    before = aws.fleet.snapshot()
    after = answered(aws, alarm("pump-01", f"{kind}.nothing-open-ignored"))
    assert (after.status, after.sightings) == (IncidentStatus.CONTAINED, contained.sightings)
    assert diff(before, aws.fleet.snapshot()) == []
    assert kind in {row["what"] for row in Record(aws).of_incident(after.id, "TIMELINE#")}


def test_an_observed_incident_is_assessed_again(up: Up, alarm: Alarm) -> None:
    """The thing may have changed since: the plan is made anew, and the sightings are counted."""
    aws = up(Mode.OBSERVE)
    first = answered(aws, alarm("pump-01"))
    aws.client("iot").add_thing_to_thing_group(thingName="pump-01", thingGroupName="line-2")
    second = answered(aws, alarm("pump-01"))
    assert (second.id, second.status, second.sightings) == (first.id, IncidentStatus.OBSERVED, 2)
    assert executions_of(aws, "ContainThingStateMachine") == 2
    assert second.plan_hash != first.plan_hash
    planned = [row["change"]["resource"] for row in Record(aws).of_incident(second.id, "CHANGE#")]
    assert "thing/pump-01/group/line-2" in planned


def test_an_escalated_incident_pages_again_but_not_at_every_alarm(aws: LocalAws, alarm: Alarm) -> None:
    """One page with the escalation, none within a quarter of an hour, one after it."""
    escalated = answered(aws, alarm("nobody"))
    assert (escalated.status, len(pages(aws))) == (IncidentStatus.ESCALATED, 1)
    for _ in range(3):
        answered(aws, alarm("nobody"))
    assert len(pages(aws)) == 1
    aws.clock.advance(16 * 60)
    assert answered(aws, alarm("nobody")).sightings == 5
    assert len(pages(aws)) == 2


def test_an_alarm_from_before_the_proof_is_only_counted(aws: LocalAws, alarm: Alarm) -> None:
    """It says nothing of the containment that came after it."""
    answered(aws, alarm("pump-01"))
    after = answered(aws, alarm("pump-01"))
    assert (after.status, after.sightings) == (IncidentStatus.CONTAINED, 2)
    assert executions_of(aws, "VerifyContainmentStateMachine") == 0


def test_an_alarm_that_being_refused_causes_leaves_a_proven_containment_alone(aws: LocalAws, alarm: Alarm) -> None:
    """Authorization failures after the proof are what a contained device makes: looked at once, and nobody is woken."""
    answered(aws, alarm("pump-01"))
    text = alarm("pump-01", "in-alarm.authorization-failures-contained", violationEventTime=now_in_millis(aws))
    aws.clock.advance(1)
    assert answered(aws, text).status is IncidentStatus.CONTAINED
    assert executions_of(aws, "VerifyContainmentStateMachine") == 1
    assert aws.executions()[-1].states[-1] == "ContainmentHolds"
    assert pages(aws) == []


def test_an_alarm_that_a_refused_device_cannot_cause_escalates(aws: LocalAws, alarm: Alarm) -> None:
    """Traffic after the proof means that something of the thing still acts, whatever the look saw."""
    answered(aws, alarm("pump-01"))
    text = alarm("pump-01", violationId="another", violationEventTime=now_in_millis(aws))
    aws.clock.advance(1)
    assert answered(aws, text).status is IncidentStatus.ESCALATED
    assert len(pages(aws)) == 1


def test_a_finding_that_is_sent_again_leaves_a_proven_containment_alone(aws: LocalAws, alarm: Alarm) -> None:
    """The same violation, reported again after the proof, is no new one."""
    answered(aws, alarm("pump-01"))
    text = alarm("pump-01", violationEventTime=now_in_millis(aws))
    aws.clock.advance(1)
    assert answered(aws, text).status is IncidentStatus.CONTAINED
    assert executions_of(aws, "VerifyContainmentStateMachine") == 1
    assert pages(aws) == []


def test_a_containment_that_somebody_lifted_is_found_out(aws: LocalAws, alarm: Alarm) -> None:
    """The certificate was reactivated behind our back: an alarm that would be harmless escalates."""
    answered(aws, alarm("pump-01"))
    certificate = aws.fleet.certificate_id("pump-01")
    aws.client("iot").update_certificate(certificateId=certificate, newStatus="ACTIVE")
    text = alarm("pump-01", "in-alarm.authorization-failures-contained", violationEventTime=now_in_millis(aws))
    aws.clock.advance(1)
    assert answered(aws, text).status is IncidentStatus.ESCALATED
    assert len(pages(aws)) == 1


def test_a_storm_after_the_proof_is_counted_whole(aws: LocalAws, alarm: Alarm) -> None:
    """Twenty alarms at once: none is lost, and the containment holds."""
    answered(aws, alarm("pump-01"))
    text = alarm("pump-01", "in-alarm.authorization-failures-contained", violationEventTime=now_in_millis(aws))
    aws.clock.advance(1)
    for _ in range(20):
        aws.publish_alarm(text)
    aws.settle()
    assert the_incident(aws).sightings == 21
    assert executions_of(aws, "VerifyContainmentStateMachine") >= 1
    assert the_incident(aws).status is IncidentStatus.CONTAINED
    assert pages(aws) == []


def test_a_disputed_finding_is_a_persons_to_judge(aws: LocalAws, alarm: Alarm) -> None:
    """Somebody marked the violation a false positive in Device Defender: nothing is done by itself."""
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm("pump-01", verificationState="FALSE_POSITIVE"))
    assert incident.status is IncidentStatus.AWAITING_APPROVAL
    assert incident.reasons == ["a person has marked its finding a false positive"]
    assert diff(before, aws.fleet.snapshot()) == []


def test_an_old_alarm_is_a_persons_to_judge(up: Up, alarm: Alarm) -> None:
    """A message that lay in a queue for weeks says little of the device today."""
    aws = up(max_age_hours=24)
    old = now_in_millis(aws) - 3 * 24 * 3600 * 1000
    incident = answered(aws, alarm("pump-01", violationEventTime=old))
    assert incident.status is IncidentStatus.AWAITING_APPROVAL
    assert incident.reasons == ["the alarm is 3 days old"]
    assert aws.calls.of(operation="UpdateCertificate") == []


def test_the_budget_holds_however_many_things_alarm(up: Up, alarm: Alarm) -> None:
    """Of five things that alarm, three are answered by themselves, and two are put before a person, untouched."""
    aws = up(things=3)
    for number in range(5):
        aws.fleet.add_thing(f"stormy-{number}", {})
        aws.publish_alarm(alarm(f"stormy-{number}"))
    aws.settle()
    statuses = sorted(incident.status for incident in Record(aws).incidents())
    assert statuses == ["awaiting_approval"] * 2 + ["contained"] * 3
    assert len(aws.calls.of(operation="UpdateCertificate")) == 3
    assert len(pages(aws)) == 2
