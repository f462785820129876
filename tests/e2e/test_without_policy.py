"""While no response policy can be read nobody knows how critical a thing is, and one person is not enough."""

from __future__ import annotations

from typing import Any

import pytest
from cordon.model.incident import Containment, IncidentStatus
from cordon.model.response_policy import CriticalityRules
from cordon.model.thing import Criticality

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answered, approve, request_of, the_incident, tickets_of, told

NOBODY_KNOWS = "nobody knows how critical it is"


def stop_reading(aws: LocalAws) -> None:
    """Let the response policy be read by nobody any more."""
    aws.faults.fail("s3", "GetObject", "AccessDenied", times=1000)
    aws.clock.advance(60)


@pytest.mark.parametrize("rules", [{"groups": {"line-1": "safety-critical"}}, {"types": {"pump": "safety-critical"}}])
def test_what_the_policy_calls_critical_is_isolated_by_nobody_while_it_cannot_be_read(
    up: Up, alarm: Alarm, rules: dict[str, Any]
) -> None:
    """It takes two who are told so; once it can be read again what they agreed on is not done, but asked anew."""
    aws = up(criticality=CriticalityRules.model_validate(rules))
    before = aws.fleet.snapshot()
    stop_reading(aws)
    incident = answered(aws, alarm("pump-01"))
    assert (incident.status, incident.criticality) == (IncidentStatus.AWAITING_APPROVAL, Criticality.UNKNOWN)
    assert request_of(aws, incident).identities_needed == 2
    assert any(NOBODY_KNOWS in reason for reason in incident.reasons)
    (ticket,) = tickets_of(aws, incident.id)
    assert NOBODY_KNOWS in Record(aws).ops_item(ticket)["Description"]
    for who in (ALICE, BOB):
        assert told(aws, incident, "approve", who)[1]["error"] == "PolicyUnreadable"
    aws.faults.clear()
    aws.clock.advance(60)
    approve(aws, incident, by=ALICE)
    assert the_incident(aws).status is IncidentStatus.AWAITING_APPROVAL
    asked_anew = approve(aws, incident, by=BOB)
    assert (asked_anew.status, asked_anew.containment) == (IncidentStatus.AWAITING_APPROVAL, Containment.RESTRICT)
    assert asked_anew.criticality is Criticality.SAFETY_CRITICAL
    assert diff(before, aws.fleet.snapshot()) == []


def test_a_standard_thing_waits_for_two_as_well(up: Up, alarm: Alarm) -> None:
    """Also where the policy can be read again before it is asked: the plan was made without one."""
    aws = up()
    before = aws.fleet.snapshot()
    aws.clock.advance(60)
    aws.faults.fail("s3", "GetObject", "AccessDenied", times=1000, function="AssessIncidentFunction")
    incident = answered(aws, alarm("pump-01"))
    assert (incident.policy_hash, request_of(aws, incident).identities_needed) == (None, 2)
    aws.faults.clear()
    aws.clock.advance(60)
    assert approve(aws, incident, by=ALICE).status is IncidentStatus.AWAITING_APPROVAL
    assert diff(before, aws.fleet.snapshot()) == []
    assert approve(aws, incident, by=BOB).status is IncidentStatus.CONTAINED


def test_where_none_was_ever_pushed_two_people_are_enough(alarm: Alarm) -> None:
    """Nothing is pinned then, so that everybody knows who is who: a user and a role are two."""
    with LocalAws() as aws:
        incident = answered(aws, alarm("pump-01"))
        assert request_of(aws, incident).identities_needed == 2
        assert approve(aws, incident, by=ALICE).status is IncidentStatus.AWAITING_APPROVAL
        assert told(aws, incident, "approve", ALICE)[1]["error"] == "SameIdentity"
        assert approve(aws, incident, by=BOB).status is IncidentStatus.CONTAINED
