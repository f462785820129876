"""Policies as AWS IoT keeps them: well-formed, short, and only so many on a target."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iot.models import FakePolicy, FakePolicyVersion, IoTBackend
from moto.iot.responses import IoTResponse

from playtest.fleet.policy_language import PolicyDocumentError, parse
from playtest.local_aws.iot_errors import LimitExceeded, MalformedPolicy
from playtest.local_aws.moto_methods import replace
from playtest.local_aws.request_shapes import members

DOCUMENT_CHARACTERS = 2048
"""Characters of a policy document, white space not counted (AWS IoT quotas)."""

POLICIES_OF_A_PRINCIPAL = 10
"""Policies on a certificate or Cognito identity (AWS IoT quotas)."""

POLICIES_OF_A_GROUP = 2
"""Policies on a thing group (AWS IoT quotas)."""


_create, _create_version = IoTBackend.create_policy, IoTBackend.create_policy_version
_set_default = IoTBackend.set_default_policy_version


def install() -> None:
    """Replace what moto does wrong about policies."""
    replace(
        IoTBackend,
        create_policy=create_policy,
        create_policy_version=create_policy_version,
        set_default_policy_version=set_default_policy_version,
        attach_policy=attach_policy,
    )
    replace(IoTResponse, list_attached_policies=list_attached_policies)


def create_policy(backend: Any, policy_name: str, policy_document: Any) -> FakePolicy:
    """CreatePolicy: the document must be of the language and short enough."""
    _check_document(policy_document)
    return _create(backend, policy_name, policy_document)


def create_policy_version(backend: Any, policy_name: str, document: Any, set_as_default: Any) -> FakePolicyVersion:
    """CreatePolicyVersion: as CreatePolicy."""
    _check_document(document)
    return _create_version(backend, policy_name, document, set_as_default)


def set_default_policy_version(backend: Any, policy_name: str, version_id: str) -> None:
    """SetDefaultPolicyVersion: of an unknown version moto makes a policy without any default."""
    backend.get_policy_version(policy_name, version_id)
    _set_default(backend, policy_name, version_id)


def _check_document(document: Any) -> None:
    size = len("".join(str(document).split()))
    if size > DOCUMENT_CHARACTERS:
        raise MalformedPolicy(f"Policy document is {size} characters, and may have {DOCUMENT_CHARACTERS}")
    try:
        parse(str(document))
    except PolicyDocumentError as error:
        raise MalformedPolicy(f"Policy document is malformed: {error}") from None


def attach_policy(backend: Any, policy_name: str, target: str) -> None:
    """AttachPolicy: a target holds so many policies and no more; attaching one again is no error."""
    principal, policy = _target(backend, target), backend.get_policy(policy_name)
    attached = [name for held_by, name in list(backend.principal_policies) if held_by == target]
    limit = POLICIES_OF_A_GROUP if ":thinggroup/" in target else POLICIES_OF_A_PRINCIPAL
    if policy_name not in attached and len(attached) >= limit:
        raise LimitExceeded(f"{target} has {limit} policies already, which is the most that it can have")
    backend.principal_policies[target, policy_name] = (principal, policy)


def _target(backend: Any, target: str) -> Any:
    return backend._get_principal(target)


def list_attached_policies(response: Any) -> ActionResult:
    """ListAttachedPolicies: the target must exist; `recursive` adds those of the group's parents (API reference)."""
    backend, asked = response.iot_backend, members(response)
    principal = _target(backend, asked["target"])
    targets = [asked["target"]]
    if asked.get("recursive") and ":thinggroup/" in targets[0]:
        targets += [parent["groupArn"] for parent in principal.metadata.get("rootToParentThingGroups", ())]
    held = list(backend.principal_policies.items())
    policies = {name: policy for each in targets for (held_by, name), (_, policy) in held if held_by == each}
    return ActionResult({"policies": [policy.to_dict() for policy in policies.values()]})
