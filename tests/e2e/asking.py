"""Everything that people may be asked and may answer, played once: for the tests of what the roles may do."""

from __future__ import annotations

import json

from cordon.model.incident import Incident, Mode
from cordon.model.response_policy import BudgetRule, PlaybookPolicy, Silence

from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB
from playtest.run.demo_policy import demo_policy
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answer, approve, let_time_out, reject, request_of, told
from tests.e2e.firmware import publish


def start_asking(up: Up) -> LocalAws:
    """Start a local AWS that asks about everything, where silence acts within parts of all that there is."""
    acting = PlaybookPolicy(mode=Mode.APPROVE, shared_certificate=Mode.APPROVE, silence=Silence.ACT)
    shares = [BudgetRule(scope="fleet", percent=100), BudgetRule(scope="group", percent=100)]
    return up(playbooks={"contain_thing": acting}, budgets=shares)


def play_what_people_are_asked(aws: LocalAws, alarm: Alarm) -> None:
    """Play each answer and each silence, a plan that changed, a step and a desk that died, and a push of two."""
    for thing in ("camera-01", "capper-01"):
        aws.ask_desk(ALICE, "POST", "/plan", {"playbook": "contain_thing", "thing_name": thing})
    aws.ask_desk(ALICE, "POST", "/respond", {"playbook": "contain_thing", "thing_name": "pump-01", "reason": "by hand"})
    aws.settle()
    reject(aws, _of(aws, "pump-01"))
    approve(aws, _asked(aws, alarm, "camera-01"))
    let_time_out(aws, _asked(aws, alarm, "capper-01"))
    _play_a_plan_that_changed(aws, _asked(aws, alarm, "pump-02"))
    _play_a_step_that_died(aws, _asked(aws, alarm, "pump-03"))
    _play_a_desk_that_died(aws, _asked(aws, alarm, "pump-04"))
    _push(aws)
    _sign_what_is_known_to_be_good(aws)


def _asked(aws: LocalAws, alarm: Alarm, thing: str) -> Incident:
    answer(aws, alarm(thing))
    return _of(aws, thing)


def _of(aws: LocalAws, thing: str) -> Incident:
    return next(one for one in Record(aws).incidents() if one.thing_name == thing)


def _play_a_plan_that_changed(aws: LocalAws, incident: Incident) -> None:
    aws.client("iot").remove_thing_from_thing_group(thingName=incident.thing, thingGroupName="line-1")
    aws.client("iot").detach_policy(policyName="plant-device", target=_certificate(aws, incident.thing))
    approve(aws, incident)


def _certificate(aws: LocalAws, thing: str) -> str:
    return aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id(thing))


def _play_a_step_that_died(aws: LocalAws, incident: Incident) -> None:
    """RequestApproval is run again after somebody decided, and the desk could not wake the execution."""
    _decide_and_wake_nobody(aws, incident)
    request = request_of(aws, incident)
    again = {"execution": request.execution, "state": "RequestApproval", "task_token": request.task_token}
    aws.invoke("RequestApprovalFunction", {"incident_id": incident.id, "approval_seconds": 3600, **again})
    aws.settle()


def _play_a_desk_that_died(aws: LocalAws, incident: Incident) -> None:
    _decide_and_wake_nobody(aws, incident)
    aws.clock.advance(301)
    aws.invoke("SweepFunction", {})
    aws.settle()


def _decide_and_wake_nobody(aws: LocalAws, incident: Incident) -> None:
    aws.faults.fail("stepfunctions", "SendTaskSuccess", "InternalServerError", function="DeskFunction")
    told(aws, incident, "approve", ALICE)


def _push(aws: LocalAws) -> None:
    _, before = aws.ask_desk(ALICE, "GET", "/policy")
    wider = {"policy": json.loads(demo_policy(Mode.AUTOMATIC).canonical), "base": before["hash"]}
    for person in (ALICE, BOB):
        aws.ask_desk(person, "POST", "/policy", wider)


def _sign_what_is_known_to_be_good(aws: LocalAws) -> None:
    """Of a thing as it is, and then with a version of which the catalog names no version of the artefact."""
    _, captured = aws.ask_desk(ALICE, "POST", "/known-good/capture", {"thing_name": "pump-01"})
    definition = captured["definition"]
    _, signed = aws.ask_desk(ALICE, "POST", "/known-good", {"definition": definition})
    sha256 = publish(aws, "pump-firmware", "9.0.0", named=False)
    newer = definition | {"firmware": definition["firmware"] | {"version": "9.0.0", "sha256": sha256}}
    aws.ask_desk(ALICE, "POST", "/known-good", {"definition": newer, "base": signed["hash"]})
    aws.ask_desk(ALICE, "POST", "/known-good/check", {"thing_name": "pump-01"})
