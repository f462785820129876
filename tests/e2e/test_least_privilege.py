"""Every role may do what its step does, and no more.

That no step does more than its role allows needs no test of its own: the local AWS refuses such a call, in every test
(`playtest/local_aws/iam.py`). Here is the other half: what is granted is used.
"""

from __future__ import annotations

import json

from cordon.actions.sts_policy import MOST_VERSIONS, deny_document
from cordon.model.incident import Mode
from cordon.model.response_policy import BudgetRule

from playtest.fleet import Behaviour
from playtest.local_aws import LocalAws, granted_actions, used_actions
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, Up, answer
from tests.e2e.asking import play_what_people_are_asked, start_asking
from tests.e2e.findings import event_of, send
from tests.e2e.storms import outbreak_from, raise_storm

DELIVERS_LOGS = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}
"""What Step Functions itself does with a machine's role, to deliver its logs."""
INVOKES = {"lambda:InvokeFunction"}
"""Used by every Lambda state: the interpreter runs the function within this process, with no API call to record."""
BY_A_SERVICE = {
    # The API reference says that ListThingPrincipalsV2 needs ListThingPrincipals, as the local AWS has it; the
    # authorization reference lists an action of that name. Which of them AWS looks at is not known: it gets both.
    "DeskFunction": {"iot:ListThingPrincipalsV2"},
    # One process has one copy of the response policy, and here AssessIncident has just read it.
    "RequestApprovalFunction": {"s3:GetObjectVersion"},
    "CatchUnexpectedEndFunction": {"sqs:SendMessage"},  # Lambda itself: what failed for good, to the dead letters
    "SweepFunction": {"sqs:SendMessage"},  # as above
    "ContainThingStateMachine": DELIVERS_LOGS | INVOKES,
    "VerifyContainmentStateMachine": DELIVERS_LOGS | INVOKES,
    "EscalateOutbreakStateMachine": DELIVERS_LOGS | INVOKES,
}
"""Granted, and used by a service for us, where no call of ours can show it. (What SAM grants every function for its
logs, its traces and its queue's polling is in AWS's managed policies, which `granted_actions` leaves out.)"""


def play_all_that_can_happen(aws: LocalAws, alarm: Alarm) -> None:
    """Play every kind of end, every branch of triage, and every failure that a step has an answer to."""

    def play(thing: str, sample: str = "in-alarm.source-address-contained", **fields: object) -> None:
        answer(aws, alarm(thing, sample, **fields))

    play("capper-01")  # contained, and taken out of a group
    play("capper-01", "alarm-cleared.nothing-open-ignored")
    play("capper-01", "in-alarm.authorization-failures-contained", violationEventTime=_now(aws))
    play("capper-01", violationId="another", violationEventTime=_now(aws))  # questioned, and escalated
    aws.fleet.behave("pump-01", Behaviour.STUBBORN, comebacks=2)
    play("pump-01")  # dropped again
    for function, part_of_key in (("AssessIncidentFunction", "/plan-"), ("VerifyContainmentFunction", "/proof-")):
        aws.faults.stop_after(function, _number_of_object(aws, function, part_of_key))
    play("pump-02")  # as pump-01 is made, so that the steps die after the same calls, and find their object there
    play("labeller-01")  # a client id of its own
    fill_the_deny_policy_with_versions(aws)
    play("camera-01")  # its credentials are denied, and later let go by the sweep
    play("filler-01")  # shared
    aws.fleet.add_thing("pump-07", {})
    connect_as_another(aws, "pump-07")
    play("pump-07")  # under a client id that only the recorded connections tell of
    play("valve-controller-01")
    aws.clock.advance(3600)
    aws.settle()  # nobody has answered for the valve controller: ReadDecision reads the response policy, too
    aws.clock.advance(60)
    for case in ("sample-ignored", "device-credentials-contained", "runtime-empty-action-contained"):
        send(aws, event_of(aws, case))  # the sample first: triage then reads the response policy itself
    play("nobody")
    aws.clock.advance(3600)
    play("nobody")  # pages again
    play("not a thing")  # rejected
    aws.faults.abort_in("ReplacePolicies")
    play("mixer-01")
    for name in ("pump-05", "pump-06"):
        aws.fleet.add_thing(name, {})
    aws.faults.abort_in("RecordOutcome")
    play("pump-05")  # its ticket is there already, and brought up to date
    aws.faults.abort_in("RecordOutcome")
    aws.faults.fail("ssm", "UpdateOpsItem", "InternalServerError", times=6)
    play("pump-06")  # as pump-05, by the sweep
    aws.faults.fail("ssm", "CreateOpsItem", "InternalServerError", times=6)
    play("pump-03")
    aws.faults.fail("events", "PutEvents", "InternalException", times=100, function="TriageFunction")
    play("pump-04")  # recorded, and claimed by nobody
    aws.faults.clear()
    aws.clock.advance(24 * 3600)
    aws.invoke("SweepFunction", {})


def play_an_outbreak(aws: LocalAws, alarm: Alarm) -> None:
    """Let one thing more alarm than an outbreak takes."""
    aws.put_in_force(demo_policy(things=0, outbreaks=outbreak_from(2)))
    raise_storm(aws, alarm, 2)
    aws.settle()


def _number_of_object(aws: LocalAws, function: str, part_of_key: str) -> int:
    """Which call of a function's invocation wrote the object: a step that dies after it finds it there."""
    written = aws.calls.of(principal=function, service="s3", operation="PutObject")
    return [call.number for call in written if part_of_key in call.params["Key"]][-1]


def connect_as_another(aws: LocalAws, thing: str) -> None:
    """Let a thing's certificate connect under a client id that names no thing."""
    certificate = aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id(thing))
    aws.client("iot").attach_policy(policyName="plant-filler", target=certificate)
    aws.clock.advance(600)
    aws.fleet.broker.connect("filler-99", certificate)


def fill_the_deny_policy_with_versions(aws: LocalAws) -> None:
    """Let the policy have as many versions as IAM keeps, so that whoever writes one must delete one."""
    iam, arn = aws.client("iam"), aws.stack.resource("StsDenyPolicy")
    document = json.dumps(deny_document([]))
    while len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) < MOST_VERSIONS:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)


def play_a_plan_that_becomes_shorter(aws: LocalAws, alarm: Alarm) -> None:
    """Observe a thing that then leaves a group: the second plan lacks a change of the first."""
    for _ in range(2):
        answer(aws, alarm("capper-01"))
        aws.client("iot").remove_thing_from_thing_group(thingName="capper-01", thingGroupName="line-2")


def _now(aws: LocalAws) -> int:
    aws.clock.advance(1)
    return int(aws.clock.now().timestamp() * 1000) - 1


def principals(aws: LocalAws) -> list[str]:
    """Every function and state machine of the stack."""
    kinds = ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")
    return sorted(logical for kind in kinds for logical in aws.stack.of_type(kind))


def test_what_a_role_is_granted_is_used_and_what_is_used_is_granted(up: Up, alarm: Alarm) -> None:
    """For every function and state machine: its role's actions are those of its calls, and those of services for us."""
    observing = up(Mode.OBSERVE)
    play_a_plan_that_becomes_shorter(observing, alarm)
    observing.__exit__(None, None, None)
    shares = [BudgetRule(scope="fleet", percent=100, window_minutes=1), BudgetRule(scope="group", percent=100)]
    acting = up(budgets=shares, parameters={"RecordConnections": "yes"})
    play_all_that_can_happen(acting, alarm)
    play_an_outbreak(acting, alarm)
    acting.__exit__(None, None, None)
    asking = start_asking(up)
    play_what_people_are_asked(asking, alarm)
    used = used_actions([*observing.calls, *acting.calls, *asking.calls])
    surplus, missing = {}, {}
    for principal in principals(acting):
        granted = granted_actions(acting.stack.transformed, principal)
        own = used.get(principal, set()) | BY_A_SERVICE.get(principal, set())
        surplus[principal], missing[principal] = sorted(granted - own), sorted(own - granted)
    assert {name: actions for name, actions in surplus.items() if actions} == {}, "granted, and never used"
    assert {name: actions for name, actions in missing.items() if actions} == {}, "used or listed, and not granted"
