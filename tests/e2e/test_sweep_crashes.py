"""The sweep may die after any call: the next one finishes, and what it looked after still ends once."""

from __future__ import annotations

from cordon.actions.sts_deny import StsDeny
from cordon.model.change import Change
from cordon.model.incident import IncidentStatus

from playtest.local_aws import LocalAws
from tests.e2e.answers import Alarm, Up, actions_of, answer, at_rest, deaths, pages

SWEEP = "SweepFunction"
FIVE_MINUTES = 300
TWELVE_HOURS = 12 * 3600


def unclaimed(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """Open an incident of which no playbook hears: the bus is down as long as triage tries."""
    aws.fleet.add_thing(thing, {})
    aws.faults.fail("events", "PutEvents", "InternalException", times=100, function="TriageFunction")
    answer(aws, alarm(thing))
    aws.faults.clear()


def without_ticket(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """Escalate an incident, of a thing that nobody knows, whose ticket has to wait: OpsCenter is down meanwhile."""
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
        aws.faults.stop_after_write(SWEEP, number)  # once more: what came before has switched every fault off
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
        aws.faults.stop_after_write(SWEEP, number)  # once more: what came before has switched every fault off
        swept(aws)
        swept(aws)
        made = [call for call in aws.calls.of(operation="CreateOpsItem") if call.error is None]
        assert len(made) == len(played)
    incidents = at_rest(aws)
    assert {name: one.status for name, one in incidents.items()} == dict.fromkeys(played, IncidentStatus.ESCALATED)
    assert pages(aws) == [f"Cordon: incident {incidents[thing].id} needs a person" for thing in played]


def test_a_hold_that_ran_out_is_let_go_once_whatever_call_the_sweep_dies_after(up: Up) -> None:
    """The next sweep takes the certificate's id out of the policy and puts the hold away; the other's id stays in."""
    aws = up()
    action = actions_of(aws)[StsDeny.name]
    kept = denial(aws, "camera-02")
    for number in deaths(aws, [SWEEP]):
        change = denial(aws, "camera-01", number)
        action.apply(change)
        aws.clock.advance(TWELVE_HOURS)
        action.apply(kept)
        aws.faults.stop_after_write(SWEEP, number)  # once more: what came before has switched every fault off
        swept(aws)
        swept(aws)
        assert aws.fleet.snapshot().registry["sts-deny/policy"] == {
            "certificates": [aws.fleet.certificate_id("camera-02")]
        }
        assert action.read(change.resource) is True, "it was denied for as long as there was anything to deny"
        assert action.read(kept.resource) is True
    assert pages(aws) == []


def denial(aws: LocalAws, thing: str, number: int = 0) -> Change:
    """The change that denies the sessions of a thing's certificate for the n-th incident."""
    certificate = aws.fleet.certificate_id(thing)
    resource = f"sts/{certificate}/inc-20261102-{number:010x}"
    return Change(action=StsDeny.name, resource=resource, before=False, after=True, hits=[thing])
