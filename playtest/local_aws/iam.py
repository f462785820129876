"""Least privilege, enforced: a call is refused unless the caller's own role in the template allows it.

moto checks actions only, against users. Here the roles as CloudFormation made them are read after the deployment,
and action, resource and condition of every call are held against them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.models import iam_backends

from playtest.local_aws import conditions, kms_keys, runtime
from playtest.local_aws.arns import matches, one_or_many
from playtest.local_aws.calls import Call
from playtest.local_aws.deployment import Stack, arn_text
from playtest.local_aws.faults import InjectedError
from playtest.local_aws.iam_actions import Need, needs
from playtest.local_aws.leading_keys import leading_keys

_DENIAL_CODES = {"iam": "AccessDenied", "s3": "AccessDenied", "sqs": "AccessDenied", "sns": "AuthorizationError"}
"""How a service names the refusal, where it is not AccessDeniedException."""

_PRINCIPAL_TYPES = ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")


class Permissions:
    """What each function and state machine of the stack may do."""

    def __init__(self, stack: Stack, region: str) -> None:
        """Read the roles of all functions and state machines of `stack` as they were deployed."""
        self._region = region
        self._statements = {
            name: _statements_of_role(_role_of(stack.transformed, name, stack), region)
            for kind in _PRINCIPAL_TYPES
            for name in stack.of_type(kind)
        }

    def require(self, principal: str, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """Return if `principal` (logical id) may make this call; else raise InjectedError, as AWS denies it."""
        statements = self._statements.get(principal)
        if statements is not None:
            self._require(principal, statements, service, operation, params)

    def require_of_role(self, role_arn: str, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """Return if a role that a service of AWS acts with may make this call; else raise InjectedError likewise."""
        role = role_arn.rpartition("/")[2]
        self._require(role, _statements_of_role(role, self._region), service, operation, params)

    def _require(
        self,
        who: str,
        statements: list[Mapping[str, Any]],
        service: str,
        operation: str,
        params: Mapping[str, Any],
    ) -> None:
        for need in needs(service, operation, params, self._region):
            if not _allowed(statements, need, params, self._region):
                code = _DENIAL_CODES.get(service, "AccessDeniedException")
                raise InjectedError(
                    code, f"{who} is not authorized to perform: {need.action} on resource: {need.resource or '*'}"
                )


def _allowed(statements: Iterable[Mapping[str, Any]], need: Need, params: Mapping[str, Any], region: str) -> bool:
    applying = [statement for statement in statements if _applies(statement, need, params, region)]
    effects = {statement["Effect"] for statement in applying}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], need: Need, params: Mapping[str, Any], region: str) -> bool:
    actions = one_or_many(statement.get("Action", []))
    if not any(matches(str(pattern).lower(), need.action.lower()) for pattern in actions):
        return False
    resources = one_or_many(statement.get("Resource", []))
    if need.resource is not None and not any(matches(str(pattern), need.resource) for pattern in resources):
        return False
    return conditions.hold(statement.get("Condition", {}), _known(params, region))


def _known(params: Mapping[str, Any], region: str) -> dict[str, str | list[str]]:
    """The condition keys of a request that our policies may speak of."""
    return {
        "aws:resourceaccount": runtime.ACCOUNT,
        "aws:principalaccount": runtime.ACCOUNT,
        "dynamodb:leadingkeys": leading_keys(params, region),
        "cloudwatch:namespace": str(params.get("Namespace", "")),
        # What our policies let a role be passed to is AWS IoT alone, for the presigned URLs of a job.
        "iam:passedtoservice": "iot.amazonaws.com" if "presignedUrlConfig" in params else "",
        "s3:x-amz-server-side-encryption": str(params.get("ServerSideEncryption", "")),
        "kms:messagetype": str(params.get("MessageType", "RAW")),
        "kms:signingalgorithm": str(params.get("SigningAlgorithm", "")),
    }


def _role_of(transformed: Mapping[str, Any], logical_id: str, stack: Stack) -> str:
    properties = transformed["Resources"][logical_id]["Properties"]
    role = properties.get("Role", properties.get("RoleArn"))
    return stack.physical_ids[_referred(role)]


def _referred(value: Any) -> str:
    """The logical id that !Ref or !GetAtt names."""
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return str(value["Fn::GetAtt"][0])
    return str(value["Ref"]) if isinstance(value, dict) and "Ref" in value else ""


def _statements_of_role(role_name: str, region: str) -> list[Mapping[str, Any]]:
    """What the role's own policies say, but of KMS, and what the policies of keys say of the role."""
    role = next(role for role in iam_backends[runtime.ACCOUNT]["aws"].roles.values() if role.name == role_name)
    documents = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    parsed = [json.loads(document) if isinstance(document, str) else document for document in documents]
    own = [statement for document in parsed for statement in one_or_many(document["Statement"])]
    return [*filter(_is_not_of_keys, own), *kms_keys.statements_naming(role.arn, region)]


def _is_not_of_keys(statement: Mapping[str, Any]) -> bool:
    return not any(str(action).startswith("kms:") for action in one_or_many(statement.get("Action", [])))


def granted_actions(transformed: Mapping[str, Any], logical_id: str) -> set[str]:
    """Return the actions that the role of a function or state machine is granted in the transformed template.

    As written there, wildcards included; managed policies that AWS owns are left out (they are what Lambda, X-Ray and
    the logs need, not what code calls). KeyError for a logical id that is not in the template.
    """
    resources = transformed["Resources"]
    properties = resources[logical_id]["Properties"]
    role = _referred(properties.get("Role", properties.get("RoleArn")))
    documents = [policy["PolicyDocument"] for policy in resources[role]["Properties"].get("Policies", [])]
    documents += [
        item["Properties"]["PolicyDocument"]
        for item in resources.values()
        if item["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        and role in [_referred(name) for name in item["Properties"].get("Roles", [])]
    ]
    documents += [_of_key(item["Properties"]["KeyPolicy"], role) for item in _keys(resources)]
    return {action for document in documents for action in _granted(document)}


def _keys(resources: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [item for item in resources.values() if item["Type"] == "AWS::KMS::Key"]


def _of_key(policy: Mapping[str, Any], role: str) -> dict[str, Any]:
    """Return of a key's policy what it says of a role by name."""
    statements = [one for one in policy["Statement"] if _referred(one["Principal"].get("AWS")) == role]
    return {"Statement": statements}


def _granted(document: Mapping[str, Any]) -> Iterable[str]:
    for statement in one_or_many(document["Statement"]):
        if statement["Effect"] == "Allow":
            yield from one_or_many(statement.get("Action", []))


def managed_policy_names(transformed: Mapping[str, Any], logical_id: str) -> set[str]:
    """Return the names of the AWS managed policies on the role of a function or state machine."""
    resources = transformed["Resources"]
    properties = resources[logical_id]["Properties"]
    role = _referred(properties.get("Role", properties.get("RoleArn")))
    arns = one_or_many(resources[role]["Properties"].get("ManagedPolicyArns", []))
    return {arn_text(arn).rpartition("/")[2] for arn in arns}


def used_actions(calls: Iterable[Call], region: str = "eu-west-1") -> dict[str, set[str]]:
    """Return, for each caller (logical id), the IAM actions that its calls needed; refused calls do not count."""
    used: dict[str, set[str]] = {}
    for call in calls:
        if call.error not in (*_DENIAL_CODES.values(), "AccessDeniedException"):
            actions = {need.action for need in needs(call.service, call.operation, call.params, region)}
            used.setdefault(call.principal, set()).update(actions)
    return used
