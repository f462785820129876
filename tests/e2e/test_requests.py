"""A person asks for a playbook: whatever state the thing's incident is in, the request is answered or refused."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import mock
from uuid import NAMESPACE_DNS, uuid5

import pytest
from cordon.model.incident import Decision, Incident, IncidentStatus, Mode
from cordon.model.response_policy import Silence

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.faults import Faults
from playtest.local_aws.function_urls import ALICE
from playtest.run.demo_policy import demo_policy
from playtest.run.record import Record
from tests.e2e.answers import (
    Alarm,
    Up,
    answer,
    answered,
    approve,
    at_rest,
    deaths,
    let_time_out,
    locks,
    pages,
    request_of,
    the_incident,
)
from tests.e2e.storms import A_DAY, outbreak_from, raise_storm, untouched
from tests.e2e.test_approvals import acted, asked, asking


def respond(aws: LocalAws, thing: str, by: str = ALICE, **more: str) -> tuple[int, Any]:
    """What the desk answers to a person who wants a thing contained."""
    body = {"playbook": "contain_thing", "thing_name": thing, "reason": "it attacks", **more}
    return aws.ask_desk(by, "POST", "/respond", body)


def of(aws: LocalAws, thing: str) -> Incident:
    """The incident of a thing."""
    (incident,) = [one for one in Record(aws).incidents() if one.thing_name == thing]
    return incident


@contextlib.contextmanager
def entering(aws: LocalAws, state: str, act: Callable[[], object]) -> Iterator[None]:
    """Let somebody act at the moment when an execution first enters a state."""
    early_end, entered = Faults.early_end, threading.Event()

    def watched(faults: Faults, name: str) -> Any:
        if faults is aws.faults and name == state and not entered.is_set():
            entered.set()
            act()
        return early_end(faults, name)

    with mock.patch.object(Faults, "early_end", watched):
        yield
    assert entered.is_set()


def claims(aws: LocalAws) -> int:
    """How often an execution has won an incident."""
    return sum("AssessIncident" in one.states for one in aws.executions())


@pytest.mark.parametrize("state", ["ClaimIncident", "AssessIncident", "UpdateTicket", "RecordOutcome"])
def test_a_request_that_comes_while_the_alarm_is_answered_is_answered_too(up: Up, alarm: Alarm, state: str) -> None:
    """In observe mode the run ends observed, unless it saw the request in time; either way the plan is asked about."""
    aws = up(Mode.OBSERVE)
    before = aws.fleet.snapshot()
    said: list[tuple[int, Any]] = []
    with entering(aws, state, lambda: said.append(respond(aws, "pump-01"))):
        incident = answered(aws, alarm("pump-01"))
    assert [(status, body["became"]) for status, body in said] == [(200, "joined")]
    assert incident.status is IncidentStatus.AWAITING_APPROVAL
    assert incident.requested_by == said[0][1]["identity"]
    assert (diff(before, aws.fleet.snapshot()), locks(aws)) == ([], [])
    assert approve(aws, incident).status is IncidentStatus.CONTAINED
    assert claims(aws) <= 2


def test_a_request_is_answered_once_whatever_dies(up: Up, alarm: Alarm) -> None:
    """Outcome and desk die after each of their writes: one assessment more, one request for approval, one page."""
    aws = up(Mode.OBSERVE)
    for number in deaths(aws, ["RecordOutcomeFunction", "DeskFunction"]):
        thing = f"dies-after-{number}"
        aws.fleet.add_thing(thing, {})
        before = aws.fleet.snapshot()
        paged = len(pages(aws))
        with entering(aws, "UpdateTicket", partial(insist, aws, thing)):
            answer(aws, alarm(thing))
        incident = of(aws, thing)
        assert (incident.status, incident.reassess) == (IncidentStatus.AWAITING_APPROVAL, False)
        assert request_of(aws, incident).number == 1
        assert pages(aws)[paged:] == [f"Cordon: {thing} waits for approval"]
        assert (diff(before, aws.fleet.snapshot()), locks(aws)) == ([], [])


def insist(aws: LocalAws, thing: str) -> None:
    """Ask until the desk answers, for the same request."""
    for _ in range(5):
        if respond(aws, thing, request_id=uuid5(NAMESPACE_DNS, thing).hex)[0] == 200:
            return
    raise AssertionError("the desk never answered")


@pytest.mark.parametrize("how", ["time-out", "aborted"])
def test_an_escalated_thing_of_which_nothing_was_changed_is_answered_for_a_person(
    up: Up, alarm: Alarm, how: str
) -> None:
    """Nobody answered, or the execution was aborted: asked for, its plan is put before people anew, and carried out."""
    aws = up(Mode.APPROVE)
    before = aws.fleet.snapshot()
    first = asked(aws, alarm("pump-01"))
    if how == "aborted":
        aws.abort(request_of(aws, first).execution)
        aws.settle()
        ended = the_incident(aws)
    else:
        ended = let_time_out(aws, first)
    assert ended.status is IncidentStatus.ESCALATED
    status, said = respond(aws, "pump-01")
    aws.settle()
    again = the_incident(aws)
    assert (status, said["incident_id"], again.status) == (200, first.id, IncidentStatus.AWAITING_APPROVAL)
    assert (again.requested_by, again.reassess) == (said["identity"], False)
    assert (request_of(aws, again).number, request_of(aws, again).requested_by) == (2, said["identity"])
    assert (diff(before, aws.fleet.snapshot()), acted(aws), locks(aws)) == ([], set(), [])
    assert approve(aws, again).status is IncidentStatus.CONTAINED
    at_rest(aws)


def test_the_same_request_answers_an_escalated_thing_once(up: Up, alarm: Alarm) -> None:
    """Sent again after its plan ran out once more, it finds the incident, and starts nothing."""
    aws = up(Mode.APPROVE)
    let_time_out(aws, asked(aws, alarm("pump-01")))
    assert respond(aws, "pump-01", request_id="0" * 32)[0] == 200
    aws.settle()
    let_time_out(aws, the_incident(aws))
    runs = len(aws.executions())
    assert respond(aws, "pump-01", request_id="0" * 32)[1]["status"] == IncidentStatus.ESCALATED
    aws.settle()
    assert (len(aws.executions()), the_incident(aws).status) == (runs, IncidentStatus.ESCALATED)


def test_a_thing_of_an_outbreak_is_answered_for_a_person(up: Up, alarm: Alarm) -> None:
    """Its outbreak held it for a person, who asks: its own plan is before him, and only that thing is changed."""
    aws = up(things=0, window_minutes=A_DAY, outbreaks=outbreak_from(2))
    names = raise_storm(aws, alarm, 4)
    aws.settle()
    (held, *_) = [one for one in Record(aws).incidents() if one.decision is Decision.OUTBREAK]
    status, _ = respond(aws, held.thing)
    aws.settle()
    asked_about = of(aws, held.thing)
    assert (status, asked_about.status) == (200, IncidentStatus.AWAITING_APPROVAL)
    assert untouched(aws, names, set())
    assert approve(aws, asked_about).status is IncidentStatus.CONTAINED
    assert untouched(aws, names, {held.thing})


def test_an_escalated_thing_of_which_something_was_changed_is_refused_by_name(aws: LocalAws, alarm: Alarm) -> None:
    """The plan broke half way: nothing is written or started, and the refusal names what is to be done by hand."""
    aws.faults.fail("iot", "AttachPolicy", "InternalFailureException", times=1000)
    incident = answered(aws, alarm("pump-01"))
    aws.faults.clear()
    assert incident.status is IncidentStatus.ESCALATED
    before, runs = aws.fleet.snapshot(), len(aws.executions())
    status, said = respond(aws, "pump-01")
    aws.settle()
    assert (status, said["error"]) == (409, "AlreadyChanged")
    assert incident.id in said["message"]
    assert "cordon-undo" in said["message"]
    assert (the_incident(aws), len(aws.executions())) == (incident, runs)
    assert diff(before, aws.fleet.snapshot()) == []


def test_an_answer_for_a_person_is_never_silences(up: Up, alarm: Alarm) -> None:
    """Where silence may act, it does not act on what somebody asked for after the first request ran out."""
    aws = up(playbooks=asking(silence=Silence.ACT), things=0)
    before = aws.fleet.snapshot()
    let_time_out(aws, asked(aws, alarm("pump-01")))
    aws.put_in_force(demo_policy(playbooks=asking(silence=Silence.ACT)))
    aws.clock.advance(60)
    respond(aws, "pump-01")
    aws.settle()
    assert let_time_out(aws, the_incident(aws)).status is IncidentStatus.ESCALATED
    assert diff(before, aws.fleet.snapshot()) == []


def test_an_escalated_thing_that_nobody_asked_for_stays_with_its_person(up: Up, alarm: Alarm) -> None:
    """What is left over of an earlier state of the incident starts nothing: only a request does."""
    aws = up()
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm("nobody"))
    assert (incident.status, incident.requested_by) == (IncidentStatus.ESCALATED, None)
    aws.client("dynamodb").update_item(
        TableName=aws.stack.resource("IncidentsTable"),
        Key={"pk": {"S": f"INCIDENT#{incident.id}"}, "sk": {"S": "INCIDENT"}},
        UpdateExpression="SET reassess = :true",
        ExpressionAttributeValues={":true": {"BOOL": True}},
    )
    aws.start_execution("ContainThingStateMachine", {"incident_id": incident.id, "thing_name": "nobody"})
    aws.settle()
    assert aws.executions()[-1].states == ("ClaimIncident", "AlreadyClaimed")
    assert the_incident(aws).claimed_by == incident.claimed_by
    assert diff(before, aws.fleet.snapshot()) == []
