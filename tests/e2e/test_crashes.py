"""Every process may die after any call: redelivered or retried, it ends the same, and nothing is done twice."""

from __future__ import annotations

from collections import Counter

import pytest
from cordon.model.incident import IncidentStatus
from cordon.model.thing import Criticality

from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answer, approve, at_rest, deaths

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
CHANGES = (
    "UpdateCertificate",
    "CreatePolicy",
    "AttachPolicy",
    "DetachPolicy",
    "AddThingToThingGroup",
    "RemoveThingFromThingGroup",
)
SAFETY_CRITICAL = {"criticality": Criticality.SAFETY_CRITICAL.value}
HARD = {
    "shared": (
        "AssessIncidentFunction",
        "DropSessionsFunction",
        "ReplacePoliciesFunction",
        "VerifyContainmentFunction",
    ),
    "safety-critical": ("ReplacePoliciesFunction", "VerifyContainmentFunction"),
    "no-certificate": ("DropSessionsFunction", "QuarantineThingFunction", "VerifyContainmentFunction"),
}
"""The kinds of hard things, and the functions that do something else for them."""


def changes_made(aws: LocalAws, since: int) -> Counter[str]:
    """Every change of the fleet that was made since the n-th call, by operation and parameters."""
    made = [call for call in list(aws.calls)[since:] if call.operation in CHANGES and call.error is None]
    return Counter(f"{call.operation} {sorted(call.params.items())}" for call in made)


def play(aws: LocalAws, alarm: Alarm, thing: str, **attributes: str) -> None:
    """Add a thing and raise an alarm about it."""
    aws.fleet.add_thing(thing, attributes)
    answer(aws, alarm(thing))


def test_a_thing_is_contained_once_whatever_write_each_step_dies_after(up: Up, alarm: Alarm) -> None:
    """Every function dies after its n-th write: the thing is contained once, with one ticket and no lock left."""
    aws = up(things=1000)
    made: dict[str, Counter[str]] = {}
    for number in deaths(aws, CONTAINING):
        thing, since = f"dies-after-{number}", len(aws.calls)
        play(aws, alarm, thing)
        made[thing] = changes_made(aws, since)
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(made, IncidentStatus.CONTAINED)
    assert {times for changes in made.values() for times in changes.values()} == {1}
    assert len({changes.total() for changes in made.values()}) == 1, "as many as the last, in which nothing died"


def test_an_escalation_that_dies_after_any_call_still_puts_it_before_a_person(up: Up, alarm: Alarm) -> None:
    """RecordEscalation may die anywhere: the thing is untouched, the incident escalated, with one ticket, no lock."""
    aws = up(restrict_topics=[])  # so that there is nothing to approve
    played = []
    for number in deaths(aws, ["RecordEscalationFunction"]):
        played.append(f"dies-after-{number}")
        play(aws, alarm, played[-1], **SAFETY_CRITICAL)
    assert changes_made(aws, 0).total() == 0
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(played, IncidentStatus.ESCALATED)


def test_the_catch_of_an_unexpected_end_may_die_after_any_call(up: Up, alarm: Alarm) -> None:
    """CatchUnexpectedEnd may die anywhere: the aborted execution's incident is escalated and its lock freed."""
    aws = up(things=1000)
    played = []
    for number in deaths(aws, ["CatchUnexpectedEndFunction"]):
        played.append(f"dies-after-{number}")
        aws.faults.abort_in("DeactivateCertificates")
        play(aws, alarm, played[-1])
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(played, IncidentStatus.ESCALATED)


def add_hard_thing(aws: LocalAws, kind: str, thing: str) -> None:
    """Add a thing of this kind; of a shared one also the other."""
    if kind == "no-certificate":
        aws.client("iot").create_thing(thingName=thing)
        return
    aws.fleet.add_thing(thing, SAFETY_CRITICAL if kind == "safety-critical" else {})
    if kind == "shared":
        iot = aws.client("iot")
        iot.create_thing(thingName=f"bystander-of-{thing}")
        certificate = aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id(thing))
        iot.attach_thing_principal(thingName=f"bystander-of-{thing}", principal=certificate)


@pytest.mark.parametrize("kind", HARD)
def test_a_hard_thing_is_answered_once_whatever_call_each_step_dies_after(up: Up, alarm: Alarm, kind: str) -> None:
    """Whatever dies: each change is made once, none that its kind forbids, and the incident is partial at the end."""
    aws = up(things=1000)
    made: dict[str, Counter[str]] = {}
    for number in deaths(aws, HARD[kind]):
        thing, since = f"dies-after-{number}", len(aws.calls)
        add_hard_thing(aws, kind, thing)
        answer(aws, alarm(thing))
        incident = next(one for one in Record(aws).incidents() if one.thing_name == thing)
        if incident.status is IncidentStatus.AWAITING_APPROVAL:
            approve(aws, incident)
        made[thing] = changes_made(aws, since)
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(made, IncidentStatus.PARTIAL)
    assert {times for changes in made.values() for times in changes.values()} == {1}
    assert len({changes.total() for changes in made.values()}) == 1, "as many as the last, in which nothing died"
    assert not aws.calls.of(operation="UpdateCertificate")
    assert bool(aws.calls.of(operation="DeleteConnection")) is (kind != "safety-critical")
