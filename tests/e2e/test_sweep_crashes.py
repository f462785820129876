"""The sweep may die after any call: the next one finishes, and what it looked after still ends once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from cordon.incidents import rows
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.thing import Criticality

from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answer, locks, pages, tickets_of

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


def calls_of_a_sweep(aws: LocalAws) -> int:
    """How many calls the longest sweep has made."""
    return max(Counter(call.request_id for call in aws.calls.of(principal=SWEEP)).values())


def each_death(aws: LocalAws, begin: Callable[[str], None], end: Callable[[str], None]) -> int:
    """Let a sweep die after each of its calls, and the next one finish; return how many calls it makes.

    Before each death `begin` is called with the name of a new thing, and `end` when the second sweep is over. The
    first time nothing dies, and the calls are counted.
    """
    number, last = 0, 0
    while number <= last:
        begin(f"dies-after-{number}")
        if number:
            aws.faults.stop_after(SWEEP, number)
        swept(aws)
        assert not number or aws.faults.struck[-1] == f"{SWEEP} stopped after call {number}"
        last = last or calls_of_a_sweep(aws)
        swept(aws)
        end(f"dies-after-{number}")
        number += 1
    return last


def incidents(aws: LocalAws) -> list[Incident]:
    """Every incident, after it was seen that each has one ticket, which waits for nothing, and that no lock is left."""
    record = Record(aws)
    found = record.incidents()
    for incident in found:
        (ticket,) = record.of_incident(incident.id, rows.TICKET)
        assert tickets_of(aws, incident.id) == [ticket["ticket_id"]]
        assert "due_at" not in ticket
    assert locks(aws) == []
    return found


def test_an_incident_that_nobody_claimed_is_paged_for_whatever_call_the_sweep_dies_after(up: Up, alarm: Alarm) -> None:
    """The next sweep pages; the alarm that comes again is emitted again, and the thing is contained once."""
    aws = up(AutomaticBudgetThings="1000")
    paged: list[str] = []

    def end(thing: str) -> None:
        new = pages(aws)[len(paged) :]
        assert set(new) == {f"Cordon: {thing} stands still"}
        assert len(new) <= 2, "a page is sent twice rather than never"
        answer(aws, alarm(thing))
        paged[:] = pages(aws)

    calls = each_death(aws, lambda thing: unclaimed(aws, alarm, thing), end)
    assert calls >= 6
    found = incidents(aws)
    assert [incident.status for incident in found] == [IncidentStatus.CONTAINED] * (calls + 1)
    assert len(aws.calls.of(operation="UpdateCertificate")) == calls + 1


def test_a_ticket_that_waits_is_written_once_whatever_call_the_sweep_dies_after(up: Up, alarm: Alarm) -> None:
    """The next sweep finds the ticket or makes it; nobody is paged for it, and the incident stays escalated."""
    aws = up()
    made: list[str] = []

    def end(thing: str) -> None:
        made.append(thing)
        tickets = [call for call in aws.calls.of(operation="CreateOpsItem") if call.error is None]
        assert len(tickets) == len(made)

    calls = each_death(aws, lambda thing: without_ticket(aws, alarm, thing), end)
    assert calls >= 10
    found = incidents(aws)
    assert [incident.status for incident in found] == [IncidentStatus.ESCALATED] * (calls + 1)
    assert pages(aws) == [f"Cordon: incident {incident.id} needs a person" for incident in found]
