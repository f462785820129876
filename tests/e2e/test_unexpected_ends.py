"""An execution that ends any way but its own leaves its incident before a person, and its thing unlocked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from cordon.model.incident import Incident, IncidentStatus, Mode

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answer, answered, approve, at_rest, locks, pages, told_in_ticket

PLAYBOOK = yaml.safe_load((Path(__file__).parents[2] / "playbooks" / "contain_thing.asl.yaml").read_text())
ON_THE_WAY = [
    "ClaimIncident",
    "AssessIncident",
    "DeactivateCertificates",
    "DropSessions",
    "ReplacePolicies",
    "QuarantineThing",
    "DenyStsSessions",
    "VerifyContainment",
    "WaitToLookAgain",
    "UpdateTicket",
    "RecordOutcome",
]
"""The states of a containment that do something, up to the one that records how it ended."""
ASKING = ["RequestApproval", "ReadDecision"]
"""The states that a containment has besides where people are asked."""


def test_every_state_that_does_something_is_tried() -> None:
    """A state that is added to the playbook is added here, or it is one of the states that tell people."""
    acting = {name for name, state in PLAYBOOK["States"].items() if state["Type"] in {"Task", "Wait"}}
    assert acting == {*ON_THE_WAY, *ASKING, "EscalateToHuman", "RecordEscalation", "PagePartial"}


@pytest.mark.parametrize("end", ["ABORTED", "TIMED_OUT"])
def test_an_execution_that_ends_early_in_any_state_is_escalated_and_its_lock_freed(
    up: Up, alarm: Alarm, end: str
) -> None:
    """Whatever state it is in, the incident is escalated and paged once, with a ticket that says what was done."""
    aws = up(things=1000)
    strike = aws.faults.abort_in if end == "ABORTED" else aws.faults.time_out_in
    paged = {}
    for state in ON_THE_WAY:
        thing, before = f"ends-in-{state}", len(pages(aws))
        aws.fleet.add_thing(thing, {})
        strike(state)
        answer(aws, alarm(thing))
        assert aws.faults.struck[-1] == f"{end} in {state}"
        paged[thing] = pages(aws)[before:]
    assert paged == {thing: [f"Cordon: {thing} needs a person"] for thing in paged}
    incidents = at_rest(aws)
    assert incidents.keys() == paged.keys()
    for incident in incidents.values():
        assert incident.status is IncidentStatus.ESCALATED, incident.thing_name
        assert incident.reasons == [f"its execution ended '{end}'"]
        assert told_in_ticket(aws, incident.id, "cordon-incident") == incident.id


@pytest.mark.parametrize("end", ["ABORTED", "TIMED_OUT"])
def test_an_execution_that_ends_early_while_people_are_asked_leaves_the_thing_to_them(
    up: Up, alarm: Alarm, end: str
) -> None:
    """Before it asks or after it was answered: the incident is escalated, and nothing of the thing is changed."""
    aws = up(Mode.APPROVE)
    before = aws.fleet.snapshot()
    strike = aws.faults.abort_in if end == "ABORTED" else aws.faults.time_out_in
    for state, thing in zip(ASKING, ("pump-01", "pump-02"), strict=True):
        strike(state)
        answer(aws, alarm(thing))
        waiting = [one for one in Record(aws).incidents() if one.status is IncidentStatus.AWAITING_APPROVAL]
        for incident in waiting:
            approve(aws, incident)
        assert aws.faults.struck[-1] == f"{end} in {state}"
    assert {one.status for one in at_rest(aws).values()} == {IncidentStatus.ESCALATED}
    assert diff(before, aws.fleet.snapshot()) == []


def test_a_step_that_fails_for_good_is_escalated_with_what_was_done(aws: LocalAws, alarm: Alarm) -> None:
    """IoT refuses the quarantine policy: the certificate stays shut, and the ticket says how to put it back."""
    aws.faults.fail("iot", "CreatePolicy", "InternalFailureException", times=100)
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.ESCALATED
    assert pages(aws) == [f"Cordon: incident {incident.id} needs a person"]
    undo = told_in_ticket(aws, incident.id, "cordon-undo")
    assert undo.splitlines()[-1].endswith("--new-status ACTIVE")
    shut = aws.client("iot").describe_certificate(certificateId=aws.fleet.certificate_id("pump-01"))
    assert shut["certificateDescription"]["status"] == "INACTIVE"
    assert locks(aws) == []


def test_throttling_is_waited_out(aws: LocalAws, alarm: Alarm) -> None:
    """A throttled call is retried by the playbook, and the containment goes on."""
    aws.faults.fail("iot", "UpdateCertificate", "ThrottlingException", times=3)
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is IncidentStatus.CONTAINED
    assert aws.faults.struck == ["iot:UpdateCertificate failed with ThrottlingException"] * 3
    assert pages(aws) == []


def answered_without_the_playbooks_pages(aws: LocalAws, alarm: str) -> Incident:
    """The incident of an alarm, where no page of the playbook's own goes out."""
    aws.faults.fail("sns", "Publish", "InternalErrorException", times=5, function="ContainThingStateMachine")
    return answered(aws, alarm)


def test_when_nobody_could_be_paged_the_catch_of_the_failed_execution_pages(aws: LocalAws, alarm: Alarm) -> None:
    """The playbook's own page fails for good; the rule on the execution's end sends another."""
    incident = answered_without_the_playbooks_pages(aws, alarm("nobody"))
    assert incident.status is IncidentStatus.ESCALATED
    assert pages(aws) == ["Cordon: nobody needs a person"]


def test_a_partial_containment_that_nobody_was_told_of_is_escalated(aws: LocalAws, alarm: Alarm) -> None:
    """PagePartial fails for good; the escalation that follows pages. The role does not carry the deny policy."""
    aws.client("iam").detach_role_policy(RoleName="DeviceRole", PolicyArn=aws.stack.resource("StsDenyPolicy"))
    incident = answered_without_the_playbooks_pages(aws, alarm("camera-01"))
    assert incident.status is IncidentStatus.ESCALATED
    assert pages(aws) == [f"Cordon: incident {incident.id} needs a person"]


def test_an_alarm_for_a_claimed_incident_starts_nothing_twice(aws: LocalAws, alarm: Alarm) -> None:
    """The event comes twice: the second execution finds the claim taken and ends, with nothing done."""
    answer(aws, alarm("pump-01"))
    (first,) = aws.executions()
    aws.start_execution("ContainThingStateMachine", first.input)
    aws.settle()
    assert aws.executions()[-1].states == ("ClaimIncident", "AlreadyClaimed")
    assert len(aws.calls.of(operation="UpdateCertificate")) == 1
