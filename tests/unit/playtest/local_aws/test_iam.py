from __future__ import annotations

import os
from typing import Any

import boto3
import pytest

from playtest.local_aws import LocalAws, granted_actions, managed_policy_names, used_actions
from playtest.local_aws.conditions import Known, UnknownCondition, hold
from playtest.local_aws.iam_actions import needs

REGION = "eu-west-1"


def client_of(service: str) -> Any:
    """The client that a handler would make."""
    return boto3.client(service)  # type: ignore[call-overload] # any service


def calling(service: str, operation: str, **params: Any) -> Any:
    """A handler that makes one call."""

    def handler(_event: Any, _context: Any) -> None:
        getattr(client_of(service), operation)(**params)

    return handler


def row(key: str) -> dict[str, Any]:
    """A row's key in the miniature's table."""
    return {"pk": {"S": key}, "sk": {"S": "x"}}


def test_a_call_that_the_functions_own_role_allows_is_made(aws: LocalAws, handlers: Any) -> None:
    """Action and resource are granted to this very function."""
    handlers.work = calling("dynamodb", "put_item", TableName=os.environ["MINI_TABLE"], Item=row("a"))
    assert aws.invoke("WorkFunction", {}).error is None


@pytest.mark.parametrize(
    ("service", "operation", "params", "code"),
    [
        ("dynamodb", "delete_item", {"TableName": "cordon-Table-x", "Key": row("a")}, "AccessDeniedException"),
        ("iam", "get_role", {"RoleName": "r"}, "AccessDenied"),
        ("dynamodb", "put_item", {"TableName": "another", "Item": row("a")}, "AccessDeniedException"),
        ("s3", "put_object", {"Bucket": "another", "Key": "evidence/k", "Body": b""}, "AccessDenied"),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": "m"}, "AuthorizationError"),
        ("iot", "describe_thing", {"thingName": "t"}, "AccessDeniedException"),
        ("iot", "get_package_version", {"packageName": "p", "versionName": "1"}, "AccessDeniedException"),
        ("iot-data", "get_thing_shadow", {"thingName": "t", "shadowName": "$package"}, "AccessDeniedException"),
    ],
)
def test_a_call_that_the_role_does_not_allow_is_refused(
    aws: LocalAws, handlers: Any, service: str, operation: str, params: dict[str, Any], code: str
) -> None:
    """Whatever is not granted is denied, with the service's own code, and recorded as denied."""
    handlers.work = calling(service, operation, **params)
    error = aws.invoke("WorkFunction", {}).error
    assert error is not None
    assert f"({code})" in error["errorMessage"]
    assert aws.calls.of("WorkFunction")[0].error == code


def test_the_key_of_an_object_counts(aws: LocalAws, handlers: Any) -> None:
    """The role may write below evidence/ and nowhere else in the same bucket."""
    bucket = os.environ["MINI_BUCKET"]
    handlers.work = calling("s3", "put_object", Bucket=bucket, Key="evidence/a", Body=b"x")
    assert aws.invoke("WorkFunction", {}).error is None
    handlers.work = calling("s3", "put_object", Bucket=bucket, Key="other/a", Body=b"x")
    assert aws.invoke("WorkFunction", {}).error is not None


def test_a_transaction_needs_the_actions_of_its_parts(aws: LocalAws, handlers: Any) -> None:
    """PutItem is granted, DeleteItem is not."""
    table = os.environ["MINI_TABLE"]
    put, delete = {"Put": {"TableName": table, "Item": row("a")}}, {"Delete": {"TableName": table, "Key": row("b")}}
    handlers.work = calling("dynamodb", "transact_write_items", TransactItems=[put])
    assert aws.invoke("WorkFunction", {}).error is None
    handlers.work = calling("dynamodb", "transact_write_items", TransactItems=[put, delete])
    assert "dynamodb:DeleteItem" in str(aws.invoke("WorkFunction", {}).error)


def test_a_state_machine_is_held_to_its_role_too(aws: LocalAws) -> None:
    """Its own calls fail as AWS lets them fail when a grant is taken away."""
    backend_role = aws.stack.resource("WorkStateMachineRole")
    assert "lambda:InvokeFunction" in granted_actions(aws.stack.transformed, "WorkStateMachine")
    assert backend_role
    aws._runtime.permissions._statements["WorkStateMachine"] = []  # type: ignore[union-attr] # it is up
    aws.start_execution("WorkStateMachine", {"id": "a", "looks": 0})
    aws.settle()
    assert aws.executions()[0].error == "DynamoDB.AccessDeniedException"


def test_what_aws_does_by_itself_needs_no_grant(aws: LocalAws, handlers: Any) -> None:
    """Triage may put events; that a rule then starts an execution is not triage's call."""
    aws.publish_alarm('{"id": "a", "looks": 0}')
    aws.settle()
    assert {call.operation for call in aws.calls.of("TriageFunction")} == {"PutEvents"}
    assert aws.executions()[0].status == "SUCCEEDED"


def test_granted_and_used_actions_can_be_compared(aws: LocalAws, handlers: Any) -> None:
    """What the template grants, less what was used, is what a role has too much."""
    handlers.work = calling("dynamodb", "put_item", TableName=os.environ["MINI_TABLE"], Item=row("a"))
    aws.invoke("WorkFunction", {})
    granted = granted_actions(aws.stack.transformed, "WorkFunction")
    assert granted == {"dynamodb:PutItem", "dynamodb:UpdateItem", "s3:PutObject"}
    assert used_actions(aws.calls) == {"WorkFunction": {"dynamodb:PutItem"}}
    assert "AWSLambdaBasicExecutionRole" in managed_policy_names(aws.stack.transformed, "WorkFunction")


@pytest.mark.parametrize(
    ("service", "operation", "params", "needed"),
    [
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, [("s3:GetObject", "arn:aws:s3:::b/k")]),
        ("s3", "ListObjectsV2", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        (
            "s3",
            "PutObject",
            {"Bucket": "b", "Key": "k", "ObjectLockMode": "GOVERNANCE"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:PutObjectRetention", "arn:aws:s3:::b/k")],
        ),
        (
            "dynamodb",
            "Query",
            {"TableName": "t", "IndexName": "due"},
            [("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/due")],
        ),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "https://sqs/1/q"},
            [("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:q")],
        ),
        (
            "ssm",
            "CreateOpsItem",
            {"Tags": [{"Key": "a", "Value": "b"}]},
            [
                ("ssm:CreateOpsItem", "arn:aws:ssm:eu-west-1:123456789012:opsitem/new"),
                ("ssm:AddTagsToResource", "arn:aws:ssm:eu-west-1:123456789012:opsitem/new"),
            ],
        ),
        (
            "iot",
            "AddThingToThingGroup",
            {"thingName": "t", "thingGroupName": "g"},
            [
                ("iot:AddThingToThingGroup", "arn:aws:iot:eu-west-1:123456789012:thing/t"),
                ("iot:AddThingToThingGroup", "arn:aws:iot:eu-west-1:123456789012:thinggroup/g"),
            ],
        ),
        (
            "iot",
            "AttachPolicy",
            {"policyName": "p", "target": "arn:aws:iot:eu-west-1:123456789012:cert/c"},
            [("iot:AttachPolicy", "arn:aws:iot:eu-west-1:123456789012:cert/c")],
        ),
        (
            "iot-data",
            "DeleteConnection",
            {"clientId": "c"},
            [("iot:DeleteConnection", "arn:aws:iot:eu-west-1:123456789012:client/c")],
        ),
        (
            "iot-data",
            "GetThingShadow",
            {"thingName": "t"},
            [("iot:GetThingShadow", "arn:aws:iot:eu-west-1:123456789012:thing/t")],
        ),
        (
            "iot-data",
            "UpdateThingShadow",
            {"thingName": "t", "shadowName": "$package"},
            [("iot:UpdateThingShadow", "arn:aws:iot:eu-west-1:123456789012:thing/t/$package")],
        ),
        ("iot-data", "ListNamedShadowsForThing", {"thingName": "t"}, [("iot:ListNamedShadowsForThing", "*")]),
        (
            "iot",
            "ListThingPrincipalsV2",
            {"thingName": "t"},
            [("iot:ListThingPrincipals", "arn:aws:iot:eu-west-1:123456789012:thing/t")],
        ),
        ("iot", "ListPrincipalThingsV2", {"principal": "p"}, [("iot:ListPrincipalThings", None)]),
        ("iot", "ListPackages", {}, [("iot:ListPackages", "*")]),
        (
            "iot",
            "ListPackageVersions",
            {"packageName": "p"},
            [("iot:ListPackageVersions", "arn:aws:iot:eu-west-1:123456789012:package/p")],
        ),
        (
            "iot",
            "GetPackageVersion",
            {"packageName": "p", "versionName": "1"},
            [
                ("iot:GetPackageVersion", "arn:aws:iot:eu-west-1:123456789012:package/p"),
                ("iot:GetPackageVersion", "arn:aws:iot:eu-west-1:123456789012:package/p/version/1"),
            ],
        ),
        (
            "iot",
            "UpdatePackage",
            {"packageName": "p"},
            [
                ("iot:UpdatePackage", "arn:aws:iot:eu-west-1:123456789012:package/p"),
                ("iot:GetIndexingConfiguration", "*"),
            ],
        ),
        ("iot", "DescribeEndpoint", {}, [("iot:DescribeEndpoint", "*")]),
        ("iot", "ListRoleAliases", {}, [("iot:ListRoleAliases", "*")]),
        (
            "iot",
            "DescribeRoleAlias",
            {"roleAlias": "a"},
            [("iot:DescribeRoleAlias", "arn:aws:iot:eu-west-1:123456789012:rolealias/a")],
        ),
        (
            "iam",
            "CreatePolicyVersion",
            {"PolicyArn": "arn:aws:iam::123456789012:policy/p", "PolicyDocument": "{}"},
            [("iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/p")],
        ),
        ("iam", "GetRole", {"RoleName": "r"}, [("iam:GetRole", "arn:aws:iam::123456789012:role/r")]),
        (
            "iam",
            "AttachRolePolicy",
            {"RoleName": "r", "PolicyArn": "arn:aws:iam::123456789012:policy/p"},
            [("iam:AttachRolePolicy", "arn:aws:iam::123456789012:role/r")],
        ),
        (
            "stepfunctions",
            "StopExecution",
            {"executionArn": "arn:aws:states:eu-west-1:123456789012:execution:m:e"},
            [("states:StopExecution", "arn:aws:states:eu-west-1:123456789012:execution:m:e")],
        ),
    ],
)
def test_a_call_needs_its_iam_actions(
    service: str, operation: str, params: dict[str, Any], needed: list[tuple[str, str]]
) -> None:
    """Where action or resource differ from the operation's name, the table knows."""
    assert needs(service, operation, params, REGION) == needed


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, False),
        ({"StringLike": {"K": "a*"}, "Bool": {"tls": True}}, True),
        ({"NumericLessThan": {"n": "1.2"}}, False),
        ({"ForAllValues:StringLike": {"many": ["INCIDENT#*"]}}, True),
        ({"ForAllValues:StringLike": {"none": ["INCIDENT#*"]}}, True),
        ({"ForAnyValue:StringLike": {"none": ["INCIDENT#*"]}}, False),
        ({"Null": {"none": "false"}}, False),
        ({"Null": {"many": "false"}}, True),
    ],
)
def test_conditions_are_judged(condition: dict[str, Any], holds: bool) -> None:
    """The operators of our policies mean what the reference says."""
    known: Known = {"k": "a", "tls": "true", "n": "1.3", "many": ["INCIDENT#1", "INCIDENT#2"], "none": []}
    assert hold(condition, known) is holds


@pytest.mark.parametrize("condition", [{"StringEquals": {"new:key": "a"}}, {"DateLessThan": {"k": "a"}}])
def test_a_condition_that_nobody_can_judge_is_not_taken_for_granted(condition: dict[str, Any]) -> None:
    """An unknown key or operator stops the test instead of opening a door."""
    with pytest.raises(UnknownCondition):
        hold(condition, {"k": "a"})
