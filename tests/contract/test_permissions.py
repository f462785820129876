"""What each role may do: no more than is written beside it, and nothing that AWS lets us write narrower."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]

GIVEN_BY_SAM = {
    "service-role/AWSLambdaBasicExecutionRole": "a function writes its log stream",
    "service-role/AWSLambdaSQSQueueExecutionRole": "Lambda polls the alarms queue as triage",
    "AWSXrayWriteOnlyAccess": "active tracing writes its segments",
}
"""Managed policies that SAM attaches by itself, and what for. No other may be attached."""


class Grant(NamedTuple):
    """One statement of one role's own policies."""

    role: str
    sid: str | None
    statement: Json

    @property
    def actions(self) -> list[str]:
        """The actions, as a list however they are written."""
        return listed(self.statement["Action"])


def listed(value: Any) -> list[Any]:
    """A list of one, where IAM lets a list of one be written without its brackets."""
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def grants(of_type: Json) -> list[Grant]:
    """Every statement of every role in the template."""
    return [
        Grant(name, statement.get("Sid"), statement)
        for name, role in of_type["AWS::IAM::Role"].items()
        for policy in role.get("Policies", [])
        for statement in listed(policy["PolicyDocument"]["Statement"])
    ]


@pytest.fixture(scope="module")
def own(grants: list[Grant], written: Json) -> list[Grant]:
    """The statements that stand in template.yaml; those that SAM adds for destinations and rules have no Sid."""
    return [grant for grant in grants if grant.role == "AlarmPublisherRole" or written_for(written, grant) is not None]


def written_for(written: Json, grant: Grant) -> Json | None:
    """The statement as template.yaml has it beside its function or state machine, or None where SAM made it."""
    owner = written["Resources"].get(grant.role.removesuffix("Role"), {})
    policies = owner.get("Properties", {}).get("Policies", [])
    statements = (statement for policy in policies for statement in policy["Statement"])
    return next((one for one in statements if grant.sid and one["Sid"] == grant.sid), None)


@cache
def reference() -> Json:
    """AWS's Service Authorization Reference, as cfn-lint carries it: by service, its actions and kinds of resource."""
    spec = find_spec("cfnlint")  # found, not imported: that takes 4 s, and only its data is wanted
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    services: Json = json.loads(path.read_text())
    return services


def resource_types(action: str) -> list[str]:
    """The kinds of resource that a statement with this action may name; KeyError where AWS knows no such action."""
    service, _, name = action.partition(":")
    types: list[str] = reference()[service]["Actions"][name.lower()].get("Resources", [])
    return types


def comment_above(lines: list[str], number: int) -> bool:
    """Say whether the line before line `number` (from 0) is a comment."""
    return lines[number - 1].lstrip().startswith("#")


def sid_lines() -> Iterator[tuple[list[str], int]]:
    """Every line of template.yaml that begins a statement beside a function or state machine, with all the lines."""
    lines = (ROOT / "template.yaml").read_text().splitlines()
    yield from ((lines, number) for number, line in enumerate(lines) if re.match(r"            - Sid: ", line))


def test_every_statement_says_what_it_is_for() -> None:
    """A permission has a name, and a reason above it or, for a wildcard, on its line."""
    bare = []
    for lines, number in sid_lines():
        following = [line for line in lines[number : number + 16] if line.lstrip().startswith("Resource:")]
        if not comment_above(lines, number) and not re.search(r'"\*" # \w+', following[0]):
            bare.append(lines[number].strip())
    assert bare == []


def test_every_own_statement_has_a_sid(own: list[Grant], written: Json) -> None:
    """CloudTrail and people name a statement by its Sid."""
    owners = {grant.role.removesuffix("Role") for grant in own}
    functions = {name for name, one in written["Resources"].items() if one["Type"].startswith("AWS::Serverless::")}
    assert functions <= owners
    assert [grant.role for grant in own if not grant.sid] == []


def test_no_role_may_do_whatever_begins_alike(grants: list[Grant]) -> None:
    """No action has a wildcard, and nothing is allowed by leaving something out."""
    assert [(grant.role, action) for grant in grants for action in grant.actions if "*" in action] == []
    assert [grant.role for grant in grants if {"NotAction", "NotResource"} & set(grant.statement)] == []
    assert {grant.statement["Effect"] for grant in grants} == {"Allow"}


def test_a_resource_is_a_wildcard_only_where_aws_knows_nothing_narrower(grants: list[Grant]) -> None:
    """Each action that is granted on * is one for which AWS's own reference names no kind of resource."""
    wide = [
        (grant.role, action)
        for grant in grants
        if "*" in listed(grant.statement["Resource"])
        for action in grant.actions
    ]
    assert [(role, action) for role, action in wide if resource_types(action)] == []
    assert len(wide) > 0


def test_a_statement_names_no_action_that_needs_a_wildcard_beside_narrow_resources(grants: list[Grant]) -> None:
    """An action without kinds of resource, granted on an ARN, is granted on nothing: AWS refuses it at run time."""
    narrow = [grant for grant in grants if "*" not in listed(grant.statement["Resource"])]
    assert [(grant.role, action) for grant in narrow for action in grant.actions if not resource_types(action)] == []


def test_iot_resources_are_of_the_kind_that_the_action_takes(own: list[Grant]) -> None:
    """iot:UpdateCertificate on thing/* would be refused at run time, at night."""
    wrong = []
    for grant in own:
        for resource in listed(grant.statement["Resource"]):
            arn = resource.get("Fn::Sub", "") if isinstance(resource, dict) else ""
            kind = re.search(r":iot:\$\{AWS::Region\}:\$\{AWS::AccountId\}:(\w+)/", arn)
            wrong += [
                (grant.role, action) for action in grant.actions if kind and kind[1] not in resource_types(action)
            ]
    assert wrong == []


def test_only_the_managed_policies_that_sam_needs_are_attached(of_type: Json) -> None:
    """Whatever else a role may do stands in this template."""
    attached = {
        arn.partition(":policy/")[2]
        for role in of_type["AWS::IAM::Role"].values()
        for arn in role.get("ManagedPolicyArns", [])
    }
    assert attached <= set(GIVEN_BY_SAM)


def test_only_triage_polls_a_queue(of_type: Json) -> None:
    """The managed policy by which Lambda polls is attached to the one function that has a queue."""
    polling = [
        name
        for name, role in of_type["AWS::IAM::Role"].items()
        if any(arn.endswith("AWSLambdaSQSQueueExecutionRole") for arn in role.get("ManagedPolicyArns", []))
    ]
    assert polling == ["TriageFunctionRole"]


def test_nobody_may_delete_a_device_make_keys_or_pass_a_role(grants: list[Grant]) -> None:
    """Containment needs no deletion of a certificate, policy, thing or object, no new key, and no other role."""
    forbidden = re.compile(
        r"iot:Delete(?!Connection)|iot:(Create(?!Policy$)|Register|DetachThingPrincipal|UpdateThing$)|s3:(Delete|Bypass|Put(?!Object$))|iam:(?!Get|List|(Create|Delete)PolicyVersion$)|sts:|kms:"
    )
    assert [(grant.role, action) for grant in grants for action in grant.actions if forbidden.match(action)] == []


def test_a_playbook_may_invoke_the_steps_that_it_names_and_no_others(
    own: list[Grant], written: Json, playbooks: dict[str, Json]
) -> None:
    """Each state machine's role holds its functions one by one, without the wildcard of a name that begins alike."""
    for name, one in written["Resources"].items():
        if one["Type"] == "AWS::Serverless::StateMachine":
            definition = playbooks[Path(one["Properties"]["DefinitionUri"]).name.removesuffix(".asl.yaml")]
            named = set(re.findall(r"\$\{(\w+Function)\}", json.dumps(definition)))
            (invoke,) = [
                grant for grant in own if grant.role == f"{name}Role" and "lambda:InvokeFunction" in grant.actions
            ]
            resources = [resource["Fn::GetAtt"] for resource in listed(invoke.statement["Resource"])]
            assert sorted(resources) == sorted([function, "Arn"] for function in named), name


def test_a_playbook_may_touch_the_record_only_to_claim(own: list[Grant]) -> None:
    """The state machine updates items of incidents; locks, holds and budgets are the steps' alone."""
    for grant in own:
        if grant.role.endswith("StateMachineRole") and any(one.startswith("dynamodb:") for one in grant.actions):
            assert grant.actions == ["dynamodb:UpdateItem"]
            keys = grant.statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert keys == ["INCIDENT#*"]
            assert grant.statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}


def test_only_what_changes_a_device_may_change_one(grants: list[Grant]) -> None:
    """Each call that changes a thing, a certificate or a session is the right of the step that is named for it."""
    changing = re.compile(r"iot:(Update|Create|Attach|Detach|Add|Remove|Delete)")
    may = {
        (action, grant.role.removesuffix("FunctionRole"))
        for grant in grants
        for action in grant.actions
        if changing.match(action)
    }
    assert may == {
        ("iot:UpdateCertificate", "DeactivateCertificates"),
        ("iot:DeleteConnection", "DropSessions"),
        ("iot:DeleteConnection", "VerifyContainment"),  # drops again what came back
        ("iot:CreatePolicy", "ReplacePolicies"),
        ("iot:AttachPolicy", "ReplacePolicies"),
        ("iot:DetachPolicy", "ReplacePolicies"),
        ("iot:RemoveThingFromThingGroup", "ReplacePolicies"),
        ("iot:AddThingToThingGroup", "QuarantineThing"),
    }


def test_only_versions_of_the_deny_policy_are_written_in_iam(grants: list[Grant]) -> None:
    """By the step that denies and the sweep that lets go; what IAM is read for is no more than it takes."""
    writing = [grant for grant in grants if any(re.match("iam:(?!Get|List)", action) for action in grant.actions)]
    assert {grant.role for grant in writing} == {"DenyStsSessionsFunctionRole", "SweepFunctionRole"}
    assert [grant.statement["Resource"] for grant in writing] == [{"Ref": "StsDenyPolicy"}] * 2
