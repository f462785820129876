"""The sweep may die after any call: the next one finishes, and what it looked after still ends once."""

from __future__ import annotations

from cordon.model.incident import IncidentStatus
from cordon.model.thing import Criticality

from playtest.local_aws import LocalAws
from tests.e2e.answers import Alarm, Up, answer, at_rest, deaths, pages

SWEEP = "SweepFunction"
FIVE_MINUTES = 300


def unclaimed(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """Open an incident of which no playbook hears: the bus is down as long as triage tries."""
    aws.fleet.add_thing(thing, {})
    aws.faults.fail("events", "PutEvents", "InternalException", times=100, function="TriageFunction")
    answer(aws, alarm(thing))
    aws.faults.clear()


def without_ticket(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """Escalate an incident whose ticket has to wait: OpsCenter is down as long as the playbook tries."""
    aws.fleet.add_thing(thing, {"criticality": Criticality.SAFETY_CRITICAL.value})
    aws.faults.fail("ssm", "CreateOpsItem", "InternalServerError", times=100)
    answer(aws, alarm(thing))
    aws.faults.clear()


def swept(aws: LocalAws) -> None:
    """Let the sweep run when it is next due, and everything settle that comes of it."""
    aws.clock.advance(FIVE_MINUTES)
    aws.invoke(SWEEP, {})
    aws.settle()


def test_an_incident_that_nobody_claimed_is_paged_for_whatever_call_the_sweep_dies_after(up: Up, alarm: Alarm) -> None:
    """The next sweep pages; the alarm that comes again is emitted again, and the thing is contained once."""
    aws = up(things=1000)
    played: list[str] = []
    for number in deaths(aws, [SWEEP]):
        thing, before = f"dies-after-{number}", len(pages(aws))
        unclaimed(aws, alarm, thing)
        aws.faults.stop_after(SWEEP, number)  # once more: what came before has switched every fault off
        swept(aws)
        swept(aws)
        paged = pages(aws)[before:]
        assert set(paged) == {f"Cordon: {thing} stands still"}
        assert len(paged) <= 2, "a page is sent twice rather than never"
        answer(aws, alarm(thing))
        played.append(thing)
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(played, IncidentStatus.CONTAINED)
    assert len(aws.calls.of(operation="UpdateCertificate")) == len(played)


def test_a_ticket_that_waits_is_written_once_whatever_call_the_sweep_dies_after(up: Up, alarm: Alarm) -> None:
    """The next sweep finds the ticket or makes it; nobody is paged for it, and the incident stays escalated."""
    aws = up()
    played: list[str] = []
    for number in deaths(aws, [SWEEP]):
        played.append(f"dies-after-{number}")
        without_ticket(aws, alarm, played[-1])
        aws.faults.stop_after(SWEEP, number)  # once more: what came before has switched every fault off
        swept(aws)
        swept(aws)
        made = [call for call in aws.calls.of(operation="CreateOpsItem") if call.error is None]
        assert len(made) == len(played)
    incidents = at_rest(aws)
    assert {name: one.status for name, one in incidents.items()} == dict.fromkeys(played, IncidentStatus.ESCALATED)
    assert pages(aws) == [f"Cordon: incident {incidents[thing].id} needs a person" for thing in played]
