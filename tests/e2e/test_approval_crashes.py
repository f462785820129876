"""Asking, deciding and reading back may die after any call: retried, an answer comes to the same, and only once."""

from __future__ import annotations

from collections import Counter

import pytest
from cordon.model.approval import RequestStatus
from cordon.model.incident import Incident, IncidentStatus, Mode
from cordon.model.response_policy import BudgetRule, Silence

from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answer, at_rest, deaths, let_time_out, pages, request_of, told
from tests.e2e.test_approvals import asking
from tests.e2e.test_crashes import changes_made

DIES = ("RequestApprovalFunction", "ReadDecisionFunction", "DeskFunction")
_MOST_TRIES = 5


def asked_about(aws: LocalAws, alarm: Alarm, thing: str) -> Incident:
    """The incident of a new thing, after an alarm about it."""
    aws.fleet.add_thing(thing, {})
    answer(aws, alarm(thing))
    return incident_of(aws, thing)


def incident_of(aws: LocalAws, thing: str) -> Incident:
    """The incident of a thing as it stands now."""
    (found,) = (one for one in Record(aws).incidents() if one.thing_name == thing)
    return found


def say(aws: LocalAws, incident: Incident, verdict: str) -> None:
    """Say it at the desk until it answers, as a person does to whom it says 502."""
    for _ in range(_MOST_TRIES):
        status, said = told(aws, incident, verdict, ALICE)
        if status != 502:
            break
    assert status == 200, said
    aws.settle()


def test_an_approved_plan_is_carried_out_once_whatever_dies(up: Up, alarm: Alarm) -> None:
    """Each function dies after each of its writes: one decision, every change once, one ticket, no lock left."""
    aws = up(Mode.APPROVE)
    made: dict[str, Counter[str]] = {}
    for number in deaths(aws, DIES):
        thing = f"dies-after-{number}"
        since = len(aws.calls)
        incident = asked_about(aws, alarm, thing)
        say(aws, incident, "approve")
        made[thing] = changes_made(aws, since)
        request = request_of(aws, incident)
        assert (request.number, request.status, len(request.decisions)) == (1, RequestStatus.USED, 1)
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(made, IncidentStatus.CONTAINED)
    assert {times for changes in made.values() for times in changes.values()} == {1}
    assert len({changes.total() for changes in made.values()}) == 1, "as many as the last, in which nothing died"
    told_of = Counter(subject for subject in pages(aws) if "waits for approval" in subject)
    assert set(told_of) == {f"Cordon: {thing} waits for approval" for thing in made}
    assert max(told_of.values()) <= 2, "a step that dies between the page and its record pages once more"


@pytest.mark.parametrize("verdict", ["reject", "silence"])
def test_an_answer_that_is_no_is_none_whatever_dies(up: Up, alarm: Alarm, verdict: str) -> None:
    """Rejected or unanswered, and ReadDecision dies after each of its writes: nothing is ever changed."""
    aws = up(Mode.APPROVE)
    played = []
    for number in deaths(aws, ["ReadDecisionFunction"]):
        thing = f"dies-after-{number}"
        played.append(thing)
        incident = asked_about(aws, alarm, thing)
        if verdict == "reject":
            say(aws, incident, "reject")
        else:
            aws.clock.advance((request_of(aws, incident).answer_until - aws.clock.now()).total_seconds() + 1)
            aws.settle()
    assert changes_made(aws, 0).total() == 0
    ended = IncidentStatus.STOOD_DOWN if verdict == "reject" else IncidentStatus.ESCALATED
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(played, ended)


def test_silence_acts_once_and_reserves_once_whatever_dies(up: Up, alarm: Alarm) -> None:
    """ReadDecision dies after each of its writes: every change is made once, and each thing counts once."""
    day = BudgetRule(scope="fleet", things=100, window_minutes=1440)
    aws = up(playbooks=asking(silence=Silence.ACT), budgets=[day])
    made = []
    for number in deaths(aws, ["ReadDecisionFunction"]):
        thing = f"dies-after-{number}"
        since = len(aws.calls)
        let_time_out(aws, asked_about(aws, alarm, thing))
        made.append(changes_made(aws, since))
    assert {one.status for one in at_rest(aws).values()} == {IncidentStatus.CONTAINED}
    assert {times for changes in made for times in changes.values()} == {1}
    row = aws.client("dynamodb").get_item(
        TableName=aws.stack.resource("IncidentsTable"), Key={"pk": {"S": "BUDGET#fleet"}, "sk": {"S": "RESERVATIONS"}}
    )
    assert len(row["Item"]["reservations"]["M"]) == len(made)


def test_a_person_whose_desk_died_asks_again_for_one_incident(up: Up) -> None:
    """The desk dies after each of its writes; asked again under the same id there is one incident, before people."""
    aws = up(Mode.APPROVE)
    played = []
    for number in deaths(aws, ["DeskFunction"]):
        thing = f"dies-after-{number}"
        played.append(thing)
        aws.fleet.add_thing(thing, {})
        wanted = {"playbook": "contain_thing", "thing_name": thing, "reason": "by hand", "request_id": f"for-{thing}"}
        statuses = [aws.ask_desk(ALICE, "POST", "/respond", wanted)[0] for _ in range(2)]
        assert statuses in ([200, 200], [502, 200])
        aws.settle()
        incident = incident_of(aws, thing)
        assert (incident.status, incident.sightings) == (IncidentStatus.AWAITING_APPROVAL, 1)
        assert incident.requested_by is not None
    assert len(Record(aws).incidents()) == len(played) > 2


def test_the_sweep_wakes_an_execution_whose_desk_died(up: Up, alarm: Alarm) -> None:
    """The decision is recorded, its desk dies, and nobody asks again: the sweep sends the token five minutes later."""
    aws = up(Mode.APPROVE)
    incident = asked_about(aws, alarm, "pump-09")
    calls = len(aws.calls.of("DeskFunction"))
    aws.faults.fail("stepfunctions", "SendTaskSuccess", "InternalServerError", function="DeskFunction")
    status, _ = told(aws, incident, "approve", ALICE)
    assert (status, len(aws.calls.of("DeskFunction")) > calls) == (503, True)
    aws.settle()
    assert incident_of(aws, "pump-09").status is IncidentStatus.AWAITING_APPROVAL
    for minutes, ended in ((4, IncidentStatus.AWAITING_APPROVAL), (2, IncidentStatus.CONTAINED)):
        aws.clock.advance(60 * minutes)
        aws.invoke("SweepFunction", {})
        aws.settle()
        assert incident_of(aws, "pump-09").status is ended
    at_rest(aws)


def test_the_sweep_may_die_after_any_call_while_it_wakes(up: Up, alarm: Alarm) -> None:
    """Whatever write the sweep dies after, the next one finishes, and the plan is carried out once."""
    aws = up(Mode.APPROVE)
    made = []
    for number in deaths(aws, ["SweepFunction"]):
        thing = f"dies-after-{number}"
        since = len(aws.calls)
        incident = asked_about(aws, alarm, thing)
        aws.faults.fail("stepfunctions", "SendTaskSuccess", "InternalServerError", function="DeskFunction")
        told(aws, incident, "approve", ALICE)
        for _ in range(2):
            aws.clock.advance(301)
            aws.invoke("SweepFunction", {})
            aws.settle()
        made.append(changes_made(aws, since))
        assert incident_of(aws, thing).status is IncidentStatus.CONTAINED
    assert {times for changes in made for times in changes.values()} == {1}


def test_an_incident_that_nobody_answers_and_nobody_runs_is_paged_for(up: Up, alarm: Alarm) -> None:
    """Even if the execution is gone without a trace, the sweep asks after it ten minutes after the request ran out."""
    aws = up(Mode.APPROVE)
    incident = asked_about(aws, alarm, "pump-09")
    aws.client("dynamodb").update_item(
        TableName=aws.stack.resource("IncidentsTable"),
        Key={"pk": {"S": f"INCIDENT#{incident.id}"}, "sk": {"S": "INCIDENT"}},
        UpdateExpression="SET claimed_by = :gone",
        ExpressionAttributeValues={":gone": {"S": "arn:aws:states:eu-west-1:123456789012:execution:x:gone"}},
    )
    aws.clock.advance((request_of(aws, incident).answer_until - aws.clock.now()).total_seconds() + 601)
    aws.settle()
    aws.invoke("SweepFunction", {})
    assert "Cordon: pump-09 stands still" in pages(aws)
