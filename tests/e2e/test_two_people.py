"""One stolen identity never counts as two people, whatever becomes of the response policy between two words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.model.incident import Incident, IncidentStatus, Mode
from cordon.model.response_policy import Identities, PlaybookPolicy, ResponsePolicy
from cordon.model.thing import Criticality

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, answered, approve, request_of, the_incident, told

PINNED = Identities(session_name_pinned_roles=["arn:aws:iam::123456789012:role/OnCall"])


def two_needed(**changed: Any) -> ResponsePolicy:
    """A policy by which two people approve whatever is done to a standard thing."""
    contain = PlaybookPolicy(mode=Mode.APPROVE, two_approvers=[Criticality.STANDARD])
    return demo_policy(playbooks={"contain_thing": contain}, **changed)


def push(aws: LocalAws, by: str, new: ResponsePolicy, old: ResponsePolicy) -> tuple[int, Any]:
    """What the desk answers to a push."""
    return aws.ask_desk(by, "POST", "/policy", {"policy": json.loads(new.canonical), "base": old.hash})


def require_refused(aws: LocalAws, incident: Incident, error: str, by: str = ALICE) -> None:
    """An approval is refused by that name, nothing is recorded of it, and no thing was changed."""
    before = the_incident(aws), request_of(aws, incident)
    status, said = told(aws, incident, "approve", by)
    assert (status, said["error"]) == (409, error)
    aws.settle()
    assert (the_incident(aws), request_of(aws, incident)) == before


@pytest.mark.parametrize(("old", "new"), [(PINNED, Identities()), (Identities(), PINNED)], ids=["unpinned", "pinned"])
def test_a_pin_that_changes_makes_no_second_person(alarm: Alarm, old: Identities, new: Identities) -> None:
    """To change what a session counts as takes two people; and even then the same one approves once."""
    before, after = two_needed(identities=old), two_needed(identities=new)
    with LocalAws(policy=before) as aws:
        fleet, incident = aws.fleet.snapshot(), answered(aws, alarm("pump-01"))
        assert approve(aws, incident, by=ALICE).status is IncidentStatus.AWAITING_APPROVAL
        status, pushed = push(aws, ALICE, after, before)
        assert (status, pushed["status"]) == (200, "proposed")
        assert push(aws, BOB, after, before)[1]["status"] == "in_force"
        aws.clock.advance(60)
        require_refused(aws, incident, "SameIdentity")
        assert diff(fleet, aws.fleet.snapshot()) == []
        assert approve(aws, incident, by=BOB).status is IncidentStatus.CONTAINED


def test_a_read_that_fails_makes_no_second_person(alarm: Alarm) -> None:
    """While the policy cannot be read nobody approves as one of two; then his own word still counts once."""
    with LocalAws(policy=two_needed(identities=PINNED)) as aws:
        fleet, incident = aws.fleet.snapshot(), answered(aws, alarm("pump-01"))
        approve(aws, incident, by=ALICE)
        aws.clock.advance(60)
        aws.faults.fail("s3", "GetObject", "AccessDenied", times=1, function="DeskFunction")
        require_refused(aws, incident, "PolicyUnreadable")
        aws.clock.advance(60)
        require_refused(aws, incident, "SameIdentity")
        assert diff(fleet, aws.fleet.snapshot()) == []
        assert approve(aws, incident, by=ALICE.replace("alice", "dora")).status is IncidentStatus.CONTAINED


def test_who_asked_as_a_session_is_not_another_as_its_role(alarm: Alarm) -> None:
    """The requester is under the same rule: what he counted as when he asked stays with the incident."""
    before, after = two_needed(identities=PINNED), two_needed()
    with LocalAws(policy=before) as aws:
        wanted = {"playbook": "contain_thing", "thing_name": "pump-01", "reason": "seen at the gate"}
        aws.ask_desk(ALICE, "POST", "/respond", wanted)
        aws.settle()
        aws.put_in_force(after)
        aws.clock.advance(60)
        incident = the_incident(aws)
        assert incident.requested_by == ALICE
        require_refused(aws, incident, "SameIdentity")
        assert approve(aws, incident, by=BOB).status is IncidentStatus.CONTAINED
