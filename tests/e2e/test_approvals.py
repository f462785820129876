"""An approval sticks to one plan, one request and one moment; whatever else is said at the desk changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cordon.actions import actions_by_name
from cordon.model.approval import RequestStatus
from cordon.model.change import Change
from cordon.model.incident import Incident, IncidentStatus, Mode
from cordon.model.response_policy import Identities, PlaybookPolicy, Silence
from cordon.model.thing import Criticality

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB, CAROL
from tests.e2e.answers import (
    Alarm,
    Up,
    answered,
    approve,
    at_rest,
    let_time_out,
    locks,
    pages,
    reject,
    request_of,
    the_incident,
    told,
    told_in_ticket,
)

STEPS_THAT_ACT = (
    "DeactivateCertificatesFunction",
    "DropSessionsFunction",
    "ReplacePoliciesFunction",
    "QuarantineThingFunction",
)


def asking(**said: Any) -> dict[str, PlaybookPolicy]:
    """The part of a response policy that asks for approval of every containment, and says more of it."""
    return {"contain_thing": PlaybookPolicy(mode=Mode.APPROVE, shared_certificate=Mode.APPROVE, **said)}


def asked(aws: LocalAws, alarm: str) -> Incident:
    """The only incident there is, which waits for approval after one more alarm."""
    incident = answered(aws, alarm)
    assert incident.status is IncidentStatus.AWAITING_APPROVAL
    return incident


def refused(aws: LocalAws, incident: Incident, verdict: str, by: str | None, plan: str | None = None) -> str:
    """The name with which the desk refuses a decision; neither the request nor the incident has changed by it."""
    before, request = the_incident(aws), request_of(aws, incident)
    status, said = told(aws, incident, verdict, by, plan)
    assert status in {403, 409}
    assert said["message"]
    aws.settle()
    assert (the_incident(aws), request_of(aws, incident)) == (before, request)
    return str(said["error"])


def acted(aws: LocalAws) -> set[str]:
    """The steps that may change a thing and have run."""
    return {one.function for one in aws.invocations} & set(STEPS_THAT_ACT)


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS that asks for approval of every containment."""
    return up(Mode.APPROVE)


def test_a_plan_waits_for_people_who_are_told_how_to_answer(aws: LocalAws, alarm: Alarm) -> None:
    """Nothing is changed; one page went out, and page, ticket and bus name the request; no lock is held."""
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    assert diff(before, aws.fleet.snapshot()) == []
    assert pages(aws) == ["Cordon: pump-01 waits for approval"]
    command = f"cordon approve {incident.id} --plan {incident.plan_hash}"
    (page,) = aws.calls.of(service="sns", operation="Publish")
    assert command in page.params["Message"]
    assert told_in_ticket(aws, incident.id, "cordon-approve") == command
    assert told_in_ticket(aws, incident.id, "cordon-status") == "awaiting_approval"
    announced = [call.params["Entries"][0]["DetailType"] for call in aws.calls.of(service="events")]
    assert announced == ["Incident Opened", "Approval Requested"]
    assert locks(aws) == []


def test_no_token_leaves_the_desk_or_stands_in_a_log(aws: LocalAws, alarm: Alarm) -> None:
    """What resumes the execution is in the table only: not in an answer, a ticket, a page or a log line."""
    incident = asked(aws, alarm("pump-01"))
    token = request_of(aws, incident).task_token
    _, shown = aws.ask_desk(ALICE, "GET", f"/incidents/{incident.id}")
    approve(aws, incident)
    said = [str(shown), *(line for one in aws.invocations for line in one.output)]
    said += [str(call.params) for service in ("ssm", "sns", "events") for call in aws.calls.of(service=service)]
    assert [text for text in said if token in text] == []


@pytest.mark.parametrize("thing", ["pump-01", "capper-01", "labeller-01"])
def test_approving_does_exactly_what_the_plan_said(up: Up, alarm: Alarm, thing: str) -> None:
    """The fleet differs afterwards by the shown changes, made by hand in another fleet, and by nothing else."""
    approving = up(Mode.APPROVE)
    before = approving.fleet.snapshot()
    incident = asked(approving, alarm(thing))
    _, shown = approving.ask_desk(ALICE, "GET", f"/incidents/{incident.id}")
    assert approve(approving, incident).status is IncidentStatus.CONTAINED
    made = diff(before, approving.fleet.snapshot(), sessions=False)
    at_rest(approving)
    approving.__exit__(None, None, None)

    by_hand = up(Mode.OBSERVE)
    before = by_hand.fleet.snapshot()
    actions = actions_by_name(by_hand.client("iot"), "123456789012")
    for one in shown["plan"]["changes"]:
        change = Change.model_validate({name: one[name] for name in Change.model_fields})
        actions[change.action].apply(change)
    wanted = diff(before, by_hand.fleet.snapshot(), sessions=False)
    assert [one for one in made if not one.resource.startswith("sts-deny")] == wanted
    assert wanted != []


def test_rejecting_changes_nothing_and_lets_the_next_alarm_open_a_new_incident(aws: LocalAws, alarm: Alarm) -> None:
    """The incident is stood down with who rejected it, its execution is green, and its key is free."""
    before = aws.fleet.snapshot()
    incident = reject(aws, asked(aws, alarm("pump-01")), by=BOB)
    assert incident.status is IncidentStatus.STOOD_DOWN
    assert incident.reasons[-1] == f"{BOB} rejected the plan"
    assert diff(before, aws.fleet.snapshot()) == []
    assert acted(aws) == set()
    (execution,) = aws.executions()
    assert (execution.status, execution.states[-1]) == ("SUCCEEDED", "Done")
    assert told_in_ticket(aws, incident.id, "cordon-status") == "stood_down"
    at_rest(aws)
    aws.publish_alarm(alarm("pump-01", violationId="another"))
    aws.settle()
    _, shown = aws.ask_desk(ALICE, "GET", f"/incidents/{incident.id}")
    assert shown["status"] == "stood_down"
    assert len({one.input["incident_id"] for one in aws.executions()}) == 2


def test_an_approval_is_for_one_plan_and_one_use(aws: LocalAws, alarm: Alarm) -> None:
    """Another plan's hash is refused; once it is carried out, whoever did not approve it is told that it is over."""
    incident = asked(aws, alarm("pump-01"))
    assert refused(aws, incident, "approve", ALICE, plan="0" * 64) == "WrongPlan"
    assert acted(aws) == set()
    done = approve(aws, incident)
    assert (done.status, request_of(aws, done).status) == (IncidentStatus.CONTAINED, RequestStatus.USED)
    assert refused(aws, done, "approve", BOB) == "AlreadyDecided"
    assert refused(aws, done, "reject", ALICE) == "AlreadyDecided"
    again, said = told(aws, done, "approve", ALICE)
    assert (again, said["status"]) == (200, "used")
    aws.settle()
    assert len(aws.executions()) == 1


def test_a_request_that_ran_out_takes_no_decision(aws: LocalAws, alarm: Alarm) -> None:
    """A second too late is too late: the incident is escalated, the thing untouched, and people paged once more."""
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    escalated = let_time_out(aws, incident)
    assert (escalated.status, request_of(aws, incident).status) == (IncidentStatus.ESCALATED, RequestStatus.EXPIRED)
    assert "nobody answered the request for approval in time" in escalated.reasons
    assert refused(aws, incident, "approve", ALICE) == "Expired"
    assert (diff(before, aws.fleet.snapshot()), acted(aws)) == ([], set())
    assert pages(aws) == ["Cordon: pump-01 waits for approval", f"Cordon: incident {incident.id} needs a person"]
    at_rest(aws)


@pytest.mark.parametrize("round_", range(2))
def test_a_decision_at_the_moment_of_the_time_out_has_one_winner(aws: LocalAws, alarm: Alarm, round_: int) -> None:
    """Either the desk took it and the thing is contained, or the time ran out and nothing was changed: never both."""
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    left = (request_of(aws, incident).answer_until - aws.clock.now()).total_seconds()
    with ThreadPoolExecutor() as pool:
        deciding = pool.submit(told, aws, incident, "approve", ALICE)
        aws.clock.advance(left - 0.02 * round_)
        status, said = deciding.result()
    aws.settle()
    if the_incident(aws).status is IncidentStatus.AWAITING_APPROVAL:
        let_time_out(aws, incident)
    ended, request = the_incident(aws), request_of(aws, incident)
    if status == 200:
        assert (ended.status, request.status) == (IncidentStatus.CONTAINED, RequestStatus.USED)
    else:
        assert said["error"] == "Expired"
        assert (ended.status, request.status) == (IncidentStatus.ESCALATED, RequestStatus.EXPIRED)
        assert diff(before, aws.fleet.snapshot()) == []
    at_rest(aws)


def test_two_who_decide_at_once_are_one_decision(aws: LocalAws, alarm: Alarm) -> None:
    """One approves and one rejects at once: the first is taken, the second told, and one thing comes of it."""
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    with ThreadPoolExecutor() as pool:
        yes, no = (pool.submit(told, aws, incident, what, by) for what, by in (("approve", ALICE), ("reject", BOB)))
    aws.settle()
    assert sorted((yes.result()[0], no.result()[0])) == [200, 409]
    assert (yes.result()[1] if no.result()[0] == 200 else no.result()[1])["error"] == "AlreadyDecided"
    ended = at_rest(aws)["pump-01"].status
    assert ended is (IncidentStatus.CONTAINED if yes.result()[0] == 200 else IncidentStatus.STOOD_DOWN)
    assert (diff(before, aws.fleet.snapshot()) == []) == (no.result()[0] == 200)
    assert len(request_of(aws, incident).decisions) == 1


def test_two_people_are_two_identities(up: Up, alarm: Alarm) -> None:
    """Where two are needed one is not enough, the same one again is refused, nor is another session of his role two."""
    aws = up(playbooks=asking(two_approvers=[Criticality.STANDARD]))
    incident = asked(aws, alarm("pump-01"))
    assert approve(aws, incident, by=ALICE).status is IncidentStatus.AWAITING_APPROVAL
    assert refused(aws, incident, "approve", ALICE) == "SameIdentity"
    assert refused(aws, incident, "approve", ALICE.replace("alice", "mallory")) == "SameIdentity"
    assert acted(aws) == set()
    assert approve(aws, incident, by=BOB).status is IncidentStatus.CONTAINED


def test_sessions_of_a_pinned_role_are_people(up: Up, alarm: Alarm) -> None:
    """The response policy lists roles whose trust policy pins the session's name: there, two names are two people."""
    pinned = Identities(session_name_pinned_roles=["arn:aws:iam::123456789012:role/people/OnCall"])
    aws = up(playbooks=asking(two_approvers=[Criticality.STANDARD]), identities=pinned)
    incident = asked(aws, alarm("pump-01"))
    approve(aws, incident, by=ALICE)
    assert approve(aws, incident, by=ALICE.replace("alice", "dora")).status is IncidentStatus.CONTAINED


def test_who_asked_for_it_is_one_of_two(up: Up) -> None:
    """The requester's own approval adds nobody where two are needed; one other identity is enough."""
    aws = up(playbooks=asking(two_approvers=[Criticality.STANDARD]))
    status, _ = aws.ask_desk(
        CAROL, "POST", "/respond", {"playbook": "contain_thing", "thing_name": "pump-01", "reason": "seen at the gate"}
    )
    aws.settle()
    incident = the_incident(aws)
    assert (status, incident.status, incident.requested_by) == (200, IncidentStatus.AWAITING_APPROVAL, CAROL)
    assert refused(aws, incident, "approve", CAROL) == "SameIdentity"
    assert approve(aws, incident, by=BOB).status is IncidentStatus.CONTAINED


@pytest.mark.parametrize(
    "who",
    [
        None,
        "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:federated-user/eve",
        "arn:aws:iam::999999999999:user/eve",
        "arn:aws:sts::999999999999:assumed-role/OnCall/alice",
    ],
)
def test_whoever_is_nobody_here_decides_nothing(aws: LocalAws, alarm: Alarm, who: str | None) -> None:
    """No signature, root, a federated user or another account: refused, and nothing is recorded of it."""
    incident = asked(aws, alarm("pump-01"))
    assert refused(aws, incident, "approve", who) == "NoIdentity"
    assert refused(aws, incident, "reject", who) == "NoIdentity"
    assert acted(aws) == set()


def test_an_incident_that_was_taken_away_takes_no_decision(aws: LocalAws, alarm: Alarm) -> None:
    """Its execution was aborted while people thought: it is escalated, and the pending request is worth nothing."""
    before = aws.fleet.snapshot()
    incident = asked(aws, alarm("pump-01"))
    aws.abort(aws.executions()[0].arn)
    aws.settle()
    assert the_incident(aws).status is IncidentStatus.ESCALATED
    assert refused(aws, incident, "approve", ALICE) == "NotPending"
    assert diff(before, aws.fleet.snapshot()) == []
    at_rest(aws)


def test_an_alarm_that_clears_meanwhile_is_said_on_the_request(aws: LocalAws, alarm: Alarm) -> None:
    """The request goes on waiting, and says since when the alarm is over."""
    incident = asked(aws, alarm("pump-01"))
    _, before = aws.ask_desk(ALICE, "GET", f"/incidents/{incident.id}")
    answered(aws, alarm("pump-01", "alarm-cleared.nothing-open-ignored"))
    _, after = aws.ask_desk(ALICE, "GET", f"/incidents/{incident.id}")
    assert before["approval"]["cleared_at"] is None
    assert after["approval"]["cleared_at"] is not None
    assert (after["status"], after["approval"]["status"]) == ("awaiting_approval", "pending")


def test_silence_that_leaves_wakes_nobody_again(up: Up, alarm: Alarm) -> None:
    """Leave ends escalated like escalate, but with the one page that the request was."""
    aws = up(playbooks=asking(silence=Silence.LEAVE))
    before = aws.fleet.snapshot()
    assert let_time_out(aws, asked(aws, alarm("pump-01"))).status is IncidentStatus.ESCALATED
    assert diff(before, aws.fleet.snapshot()) == []
    assert pages(aws) == ["Cordon: pump-01 waits for approval"]
    at_rest(aws)
