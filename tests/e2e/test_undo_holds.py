"""Two incidents on one thing or certificate, undone in either order; and what somebody else changed in between."""

from __future__ import annotations

import pytest
from cordon.incidents import rows
from cordon.incidents.admission import Admission
from cordon.incidents.ledger import Ledger
from cordon.incidents.table import key, update
from cordon.model.incident import Decision, Incident, IncidentStatus, Mode
from cordon.response.carrying_out import carry_out
from cordon.response.escalation import Escalation
from cordon.response.outcome import ticket_for
from cordon.response.undoing import Undone, put_back
from cordon.steps import step

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, answer, answered, locks, tickets_of, told_in_ticket, undo

EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution"
FIRST_OR_LAST = pytest.mark.parametrize("first", [0, 1], ids=["in-order", "backwards"])


def undone(aws: LocalAws, incident: Incident) -> Undone:
    """Undo an incident as it stands in the record, as an execution of its own."""
    record, execution = step.incidents(), f"{EXECUTION}:undo_incident:{incident.id}"
    escalation = Escalation(record, step.bus(), step.tickets(), step.actions())
    found = put_back(record.get(incident.id), Ledger(record, incident.id, execution), step.actions(), escalation)
    assert locks(aws) == []
    return found


def by_another_playbook(aws: LocalAws, thing: str) -> Incident:
    """An incident of a second playbook about a thing that has one already: planned, carried out and contained."""
    record, execution = step.incidents(), f"{EXECUTION}:another_playbook:1"
    first = next(one for one in Record(aws).incidents() if one.thing_name == thing)
    opening = record.sighting(first.id, first.opened_by)
    assert opening is not None
    alarm = opening.model_copy(update={"id": f"another-{thing}", "playbook": "another_playbook", "raw": None})
    admitted = Admission(record).admit(alarm)
    assert admitted is not None
    head = key(rows.of_incident(admitted.incident_id), rows.HEAD)
    record.table.write(update(head, set_={"status": "responding", "claimed_by": execution}))
    assessor = step.assessor()
    facts = assessor.things(None).read(thing)
    assert facts is not None
    ledger = Ledger(record, admitted.incident_id, execution)
    plan = assessor.planner.plan(facts, admitted.incident_id)
    ledger.record_plan(plan, mode=Mode.AUTOMATIC, decision=Decision.AUTOMATIC, reasons=[], capsule=None)
    carry_out(ledger, step.actions(), lambda _: True)
    record.table.write(update(head, set_={"status": "contained"}))
    return record.get(admitted.incident_id)


def incident_of(aws: LocalAws, thing: str) -> Incident:
    """The incident of contain_thing about a thing."""
    (found,) = [one for one in Record(aws).incidents() if (one.thing_name, one.playbook) == (thing, "contain_thing")]
    return found


@FIRST_OR_LAST
def test_two_things_on_one_certificate_are_undone_each_by_itself(aws: LocalAws, alarm: Alarm, first: int) -> None:
    """Each keeps the other's thing denied while it lasts, in either order, and at the end the fleet is as it was."""
    before = aws.fleet.snapshot()
    for thing in ("filler-01", "filler-02"):
        answer(aws, alarm(thing))
    both = [incident_of(aws, "filler-01"), incident_of(aws, "filler-02")]
    certificate = f"certificate/{aws.fleet.certificate_id('filler-01')}"
    assert undone(aws, both[first]).is_complete
    left = aws.fleet.snapshot()
    assert left.registry[certificate]["policies"] == [f"cordon-deny-{both[1 - first].id}", "plant-filler"]
    assert undone(aws, both[1 - first]).is_complete
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []


@FIRST_OR_LAST
@pytest.mark.parametrize("thing", ["capper-01", "mixer-01", "camera-01"])
def test_what_two_incidents_need_is_put_back_when_the_last_one_goes(
    aws: LocalAws, alarm: Alarm, thing: str, first: int
) -> None:
    """The second found everything done by the first: undone first or last, the thing stays shut until both are."""
    before = aws.fleet.snapshot()
    both = [answered(aws, alarm(thing)), by_another_playbook(aws, thing)]
    certificates = [f"certificate/{one}" for one in aws.fleet.thing(thing).certificate_ids]
    while_both = aws.fleet.snapshot()
    handed = undone(aws, both[first])
    left = aws.fleet.snapshot()
    assert handed.is_complete
    assert {*certificates, f"thing/{thing}/group/cordon-quarantine"} <= {one.resource for one in handed.handed_over}
    for certificate in certificates:
        assert left.registry[certificate] == {
            "status": "INACTIVE",
            "policies": [f"cordon-quarantine-{both[1 - first].id}"],
        }
    for resource in (f"thing/{thing}", "sts-deny/policy"):
        assert left.registry[resource] == while_both.registry[resource]
    last = undone(aws, both[1 - first])
    assert (last.handed_over, last.is_complete) == ([], True)
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []
    aws.clock.advance(600)
    assert aws.fleet.broker.sessions.is_connected(thing), "back at work by itself"


def test_a_ticket_gives_no_command_that_takes_from_another_incident_what_it_needs(aws: LocalAws, alarm: Alarm) -> None:
    """While both last, the first one's ticket puts back only what is its own: its quarantine policy."""
    first = answered(aws, alarm("pump-01"))
    alone = told_in_ticket(aws, first.id, "cordon-undo").splitlines()
    by_another_playbook(aws, "pump-01")
    step.tickets().write(first.id, ticket_for(first, step.incidents(), step.actions()))
    commands = told_in_ticket(aws, first.id, "cordon-undo").splitlines()
    assert len(commands) < len(alone)
    assert all(f"cordon-quarantine-{first.id}" in command for command in commands)


@FIRST_OR_LAST
def test_a_certificate_that_somebody_else_changed_is_not_overwritten(aws: LocalAws, alarm: Alarm, first: int) -> None:
    """Revoked meanwhile: whoever undoes last leaves all as it is, and a person gets it with what was found."""
    both = [answered(aws, alarm("capper-01")), by_another_playbook(aws, "capper-01")]
    certificate = aws.fleet.certificate_id("capper-01")
    aws.client("iot").update_certificate(certificateId=certificate, newStatus="REVOKED")
    assert undone(aws, both[first]).is_complete, "what the other one holds is not looked into"
    before = aws.fleet.snapshot()
    conflict = undone(aws, both[1 - first])
    assert conflict.conflicts == [
        f"certificate/{certificate} is 'REVOKED'; it was 'ACTIVE', and Cordon left it 'INACTIVE'"
    ]
    assert diff(before, aws.fleet.snapshot()) == []
    found = step.incidents().get(both[1 - first].id)
    assert found.status is IncidentStatus.ESCALATED
    assert conflict.conflicts[0] in found.reasons[-1]
    assert "REVOKED" in Record(aws).ops_item(tickets_of(aws, found.id)[0])["Description"]


def test_what_a_person_has_put_back_already_is_no_conflict(aws: LocalAws, alarm: Alarm) -> None:
    """What is as it was is no conflict."""
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm("pump-01"))
    undo(aws, incident)
    assert undone(aws, incident).is_complete
    assert step.incidents().get(incident.id).status is IncidentStatus.CONTAINED, "nothing of it is before a person"
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []
