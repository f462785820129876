"""What was approved is held against what there is to do now, and silence acts only where Cordon could have."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon import clock
from cordon.incidents import rows
from cordon.model.approval import RequestStatus
from cordon.model.incident import IncidentStatus, Mode
from cordon.model.policy_calendar import Exemption, Freeze
from cordon.model.response_policy import BudgetRule, Silence
from cordon.model.thing import Criticality

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, Up, approve, at_rest, let_time_out, locks, request_of, the_incident, told
from tests.e2e.test_approvals import acted, asked, asking, refused


def change_plan(aws: LocalAws, number: int = 0) -> None:
    """Change what a plan for pump-01 would have to do: its certificate gets one policy more."""
    allowed = {"Effect": "Allow", "Action": "iot:Publish", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    aws.client("iot").create_policy(policyName=f"more-{number}", policyDocument=document)
    arn = aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id("pump-01"))
    aws.client("iot").attach_policy(policyName=f"more-{number}", target=arn)


def test_a_plan_that_changed_is_asked_about_again(up: Up, alarm: Alarm) -> None:
    """The approval of the old plan carries nothing out; the new plan is, once it is approved itself."""
    aws = up(Mode.APPROVE)
    first = asked(aws, alarm("pump-01"))
    change_plan(aws)
    before = aws.fleet.snapshot()
    second = approve(aws, first)
    assert (second.status, second.plan_hash != first.plan_hash) == (IncidentStatus.AWAITING_APPROVAL, True)
    assert (diff(before, aws.fleet.snapshot()), acted(aws), locks(aws)) == ([], set(), [])
    request = request_of(aws, second)
    assert (request.number, request.plan_hash, request.status) == (2, second.plan_hash, RequestStatus.PENDING)
    assert refused(aws, second, "approve", ALICE, plan=first.plan_hash) == "WrongPlan"
    assert approve(aws, second).status is IncidentStatus.CONTAINED
    at_rest(aws)


def test_a_plan_that_changes_each_time_is_a_persons(up: Up, alarm: Alarm) -> None:
    """It is asked about three times; after that nothing is done, and the incident is escalated with the reason."""
    aws = up(Mode.APPROVE)
    incident = asked(aws, alarm("pump-01"))
    for number in range(3):
        change_plan(aws, number)
        incident = approve(aws, incident)
    assert (incident.status, request_of(aws, incident).number) == (IncidentStatus.ESCALATED, 3)
    assert "the plan changed each of the 3 times that it was approved" in incident.reasons
    assert acted(aws) == set()
    at_rest(aws)


def test_silence_may_act_within_the_budget(up: Up, alarm: Alarm) -> None:
    """Nobody answers: the plan is carried out, the request is not used by anybody, and the record says why."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    incident = let_time_out(aws, asked(aws, alarm("pump-01")))
    assert incident.status is IncidentStatus.CONTAINED
    assert "nobody answered in time, and the response policy lets silence act" in incident.reasons
    assert (request_of(aws, incident).status, request_of(aws, incident).decisions) == (RequestStatus.EXPIRED, [])
    assert refused(aws, incident, "approve", ALICE) == "Expired"
    at_rest(aws)


EXEMPT = Exemption(thing="pump-01", owner="line 1", reason="a trial", expires=datetime(2099, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("thing", "changes", "why"),
    [
        ("pump-01", {"budgets": [BudgetRule(scope="fleet", things=0)]}, "budget"),
        ("pump-01", {"playbooks": asking(silence=Silence.ACT, two_approvers=[Criticality.STANDARD])}, "one person"),
        ("pump-01", {"exemptions": [EXEMPT]}, "exempt"),
        ("valve-controller-01", {}, "in time"),
        ("filler-01", {}, "shares a certificate"),
    ],
)
def test_silence_never_acts_where_a_person_must(
    up: Up, alarm: Alarm, thing: str, changes: dict[str, Any], why: str
) -> None:
    """No room, two people needed, an exemption, a safety-critical or a shared thing: escalated, and nothing changed."""
    aws = up(**{"playbooks": asking(silence=Silence.ACT), **changes})
    before = aws.fleet.snapshot()
    incident = let_time_out(aws, asked(aws, alarm(thing)))
    assert incident.status is IncidentStatus.ESCALATED
    assert any(why in reason for reason in incident.reasons), incident.reasons
    assert (diff(before, aws.fleet.snapshot()), acted(aws)) == ([], set())
    at_rest(aws)


def _frozen_now(aws: LocalAws) -> Freeze:
    now = aws.clock.now().replace(tzinfo=None, second=0, microsecond=0)
    return Freeze(name="harvest", zone="UTC", start=now - timedelta(days=1), end=now + timedelta(days=2))


@pytest.mark.parametrize("days", [3, -3], ids=["fast", "slow"])
def test_silence_never_acts_by_a_wrong_clock(up: Up, alarm: Alarm, days: int) -> None:
    """In the middle of a freeze, which by the clock of the functions is over or has not begun: nothing is changed."""
    aws = up()
    frozen = demo_policy(playbooks=asking(silence=Silence.ACT), freezes=[_frozen_now(aws)])
    aws.put_in_force(frozen)
    aws.clock.advance(60)
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    clock.use(lambda: aws.clock.now() + timedelta(days=days), aws.clock.advance)
    ended = let_time_out(aws, incident)
    assert ended.status is IncidentStatus.ESCALATED
    assert (diff(before, aws.fleet.snapshot()), acted(aws), locks(aws)) == ([], set(), [])


def test_a_wrong_clock_alone_is_a_reason_against_silence(up: Up, alarm: Alarm) -> None:
    """No freeze, no window: a clock that is an hour fast is named, and nothing is done."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    before = aws.fleet.snapshot()
    clock.use(lambda: aws.clock.now() + timedelta(hours=1), aws.clock.advance)
    ended = let_time_out(aws, asked(aws, alarm("pump-01")))
    assert ended.status is IncidentStatus.ESCALATED
    assert "the clock of this function is +3600 seconds from that of Step Functions" in ended.reasons
    assert diff(before, aws.fleet.snapshot()) == []


def test_people_approve_also_where_the_clock_is_wrong(up: Up, alarm: Alarm) -> None:
    """Their decision rests on no clock of a function but that their request had not run out."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    incident = asked(aws, alarm("pump-01"))
    clock.use(lambda: aws.clock.now() + timedelta(minutes=20), aws.clock.advance)
    assert approve(aws, incident).status is IncidentStatus.CONTAINED


def test_silence_never_acts_on_a_plan_that_changed(up: Up, alarm: Alarm) -> None:
    """What nobody has seen nobody's silence has agreed to."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    incident = asked(aws, alarm("pump-01"))
    change_plan(aws)
    before = aws.fleet.snapshot()
    ended = let_time_out(aws, incident)
    assert (ended.status, ended.reasons[-1]) == (IncidentStatus.ESCALATED, "the plan has changed since")
    assert diff(before, aws.fleet.snapshot()) == []


def test_silence_is_what_the_policy_says_now(up: Up, alarm: Alarm) -> None:
    """A policy that lets silence act no more when the time is up counts, and so does one that cannot be read."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    aws.put_in_force(demo_policy(Mode.APPROVE))
    assert let_time_out(aws, incident).status is IncidentStatus.ESCALATED
    assert diff(before, aws.fleet.snapshot()) == []


def test_silence_never_acts_without_a_policy(up: Up, alarm: Alarm) -> None:
    """The policy in force cannot be read when the time is up: nothing is done."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    aws.client("s3").delete_object(Bucket=aws.stack.resource("PolicyBucket"), Key="response-policy.json")
    aws.faults.fail("s3", "GetObject", "NoSuchKey", times=9, function="ReadDecisionFunction")
    assert let_time_out(aws, incident).status is IncidentStatus.ESCALATED
    assert diff(before, aws.fleet.snapshot()) == []


def test_who_wakes_the_execution_past_the_desk_decides_nothing(up: Up, alarm: Alarm) -> None:
    """A token that somebody else sent back, whatever the output says: no decision is on record, so a person is told."""
    aws = up(playbooks=asking(silence=Silence.ACT))
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    forged = '{"outcome": "carry_out", "status": "approved"}'
    aws.client("stepfunctions").send_task_success(taskToken=request_of(aws, incident).task_token, output=forged)
    aws.settle()
    assert the_incident(aws).status is IncidentStatus.ESCALATED
    assert (diff(before, aws.fleet.snapshot()), acted(aws)) == ([], set())
    assert refused(aws, incident, "approve", ALICE) == "NotPending"


def test_a_decision_whose_token_never_came_is_read_at_the_time_out(up: Up, alarm: Alarm) -> None:
    """The desk recorded it and could not wake anybody: the state's own time-out reads it back all the same."""
    aws = up(Mode.APPROVE)
    incident = asked(aws, alarm("pump-01"))
    aws.faults.fail("stepfunctions", "SendTaskSuccess", "TaskTimedOut")
    status, _ = told(aws, incident, "approve", ALICE)
    assert status == 200
    assert let_time_out(aws, incident).status is IncidentStatus.CONTAINED


def test_an_approval_waits_for_whoever_is_changing_the_thing(up: Up, alarm: Alarm) -> None:
    """Another execution has the lock as long as this one tries: nothing is changed, and a person is told."""
    aws = up(Mode.APPROVE)
    incident = asked(aws, alarm("pump-01"))
    theirs = {"pk": rows.of_lock("pump-01"), "sk": rows.LOCK, "execution": "arn:another", "incident_id": "another"}
    item = {name: {"S": value} for name, value in theirs.items()}
    aws.client("dynamodb").put_item(TableName=aws.stack.resource("IncidentsTable"), Item=item)
    before = aws.fleet.snapshot()
    assert approve(aws, incident).status is IncidentStatus.ESCALATED
    assert (diff(before, aws.fleet.snapshot()), acted(aws)) == ([], set())
    assert locks(aws) == [rows.of_lock("pump-01")], "theirs, still"


def test_a_person_may_have_an_observed_thing_contained(up: Up, alarm: Alarm) -> None:
    """Observe only shows; asked for by a person at the desk, the same incident is put before people and carried out."""
    aws = up(Mode.OBSERVE)
    aws.publish_alarm(alarm("pump-01"))
    aws.settle()
    assert the_incident(aws).status is IncidentStatus.OBSERVED
    wanted = {"playbook": "contain_thing", "thing_name": "pump-01", "reason": "it is real"}
    _, said = aws.ask_desk(ALICE, "POST", "/respond", wanted)
    aws.settle()
    incident = the_incident(aws)
    assert (said["became"], said["incident_id"]) == ("joined", incident.id)
    assert incident.status is IncidentStatus.AWAITING_APPROVAL
    assert approve(aws, incident).status is IncidentStatus.CONTAINED
