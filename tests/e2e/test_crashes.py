"""Every process may die after any call: redelivered or retried, it ends the same, and nothing is done twice."""

from __future__ import annotations

from collections import Counter

import pytest
from cordon.model.incident import IncidentStatus
from cordon.model.thing import Criticality

from playtest.local_aws import LocalAws
from tests.e2e.answers import Alarm, Up, answer, incident_of, locks, tickets_of

CONTAINING = (
    "TriageFunction",
    "AssessIncidentFunction",
    "DeactivateCertificatesFunction",
    "DropSessionsFunction",
    "ReplacePoliciesFunction",
    "QuarantineThingFunction",
    "VerifyContainmentFunction",
    "UpdateTicketFunction",
    "RecordOutcomeFunction",
)
SHARES = 3
"""Into how many tests the deaths are dealt, so that they run beside each other."""
CHANGES = (
    "UpdateCertificate",
    "CreatePolicy",
    "AttachPolicy",
    "DetachPolicy",
    "AddThingToThingGroup",
    "RemoveThingFromThingGroup",
)
SAFETY_CRITICAL = {"criticality": Criticality.SAFETY_CRITICAL.value}


def calls_of_longest_invocation(aws: LocalAws, function: str, since: int = 0) -> int:
    """How many calls the longest invocation of a function made since the n-th call of all."""
    made = [call for call in list(aws.calls)[since:] if call.principal == function]
    return max(Counter(call.request_id for call in made).values())


def changes_made(aws: LocalAws, since: int) -> Counter[str]:
    """Every change of the fleet that was made since the n-th call, by operation and parameters."""
    made = [call for call in list(aws.calls)[since:] if call.operation in CHANGES and call.error is None]
    return Counter(f"{call.operation} {sorted(call.params.items())}" for call in made)


def play(aws: LocalAws, alarm: Alarm, thing: str, **attributes: str) -> None:
    """Add a thing and raise an alarm about it."""
    aws.fleet.add_thing(thing, attributes)
    answer(aws, alarm(thing))


@pytest.mark.parametrize("share", range(SHARES))
def test_a_thing_is_contained_once_whatever_call_each_step_dies_after(up: Up, alarm: Alarm, share: int) -> None:
    """Every function dies after its n-th call: the thing is contained once, with one ticket and no lock left."""
    aws = up(AutomaticBudgetThings="1000")
    play(aws, alarm, "first")  # it makes what the later ones find, such as the budget's window
    since = len(aws.calls)
    play(aws, alarm, "steady")
    expected = changes_made(aws, since).total()
    calls = {function: calls_of_longest_invocation(aws, function, since) for function in CONTAINING}
    for number in range(1 + share, max(calls.values()) + 1, SHARES):
        thing, since = f"dies-after-{number}", len(aws.calls)
        dying = [function for function in CONTAINING if number <= calls[function]]
        for function in dying:
            aws.faults.stop_after(function, number)
        play(aws, alarm, thing)
        struck = {f"{function} stopped after call {number}" for function in dying}
        assert struck <= set(aws.faults.struck), "every death that was asked for happened"
        incident = incident_of(aws, thing)
        assert incident.status is IncidentStatus.CONTAINED, struck
        made = changes_made(aws, since)
        assert (made.total(), set(made.values())) == (expected, {1}), struck
        assert len(tickets_of(aws, incident.id)) == 1
        assert locks(aws) == []


def test_an_escalation_that_dies_after_any_call_still_puts_it_before_a_person(up: Up, alarm: Alarm) -> None:
    """RecordEscalation may die anywhere: the thing is untouched, the incident escalated, with one ticket, no lock."""
    aws = up()
    play(aws, alarm, "steady", **SAFETY_CRITICAL)
    for number in range(1, calls_of_longest_invocation(aws, "RecordEscalationFunction") + 1):
        aws.faults.stop_after("RecordEscalationFunction", number)
        play(aws, alarm, f"dies-after-{number}", **SAFETY_CRITICAL)
        incident = incident_of(aws, f"dies-after-{number}")
        assert incident.status is IncidentStatus.ESCALATED
        assert len(tickets_of(aws, incident.id)) == 1
    assert changes_made(aws, 0).total() == 0
    assert locks(aws) == []


def test_the_catch_of_an_unexpected_end_may_die_after_any_call(up: Up, alarm: Alarm) -> None:
    """CatchUnexpectedEnd may die anywhere: the aborted execution's incident is escalated and its lock freed."""
    aws = up(AutomaticBudgetThings="1000")
    aws.faults.abort_in("DeactivateCertificates")
    play(aws, alarm, "steady")
    for number in range(1, calls_of_longest_invocation(aws, "CatchUnexpectedEndFunction") + 1):
        aws.faults.abort_in("DeactivateCertificates")
        aws.faults.stop_after("CatchUnexpectedEndFunction", number)
        play(aws, alarm, f"dies-after-{number}")
        incident = incident_of(aws, f"dies-after-{number}")
        assert aws.faults.struck[-1] == f"CatchUnexpectedEndFunction stopped after call {number}"
        assert incident.status is IncidentStatus.ESCALATED
        assert len(tickets_of(aws, incident.id)) == 1
        assert locks(aws) == []
