"""IAM's managed policies in moto, made to refuse a document that is too long.

moto itself refuses a malformed document, a sixth version and the deletion of the default one; `test_iam_policies.py`
holds it to that.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend, ManagedPolicy, PolicyVersion

from playtest.local_aws.moto_methods import replace

DOCUMENT_CHARACTERS = 6144
"""Characters of a managed policy's document, white space not counted (IAM quotas)."""

_create, _create_version = IAMBackend.create_policy, IAMBackend.create_policy_version


@cache
def install() -> None:
    """Replace what moto does wrong about managed policies."""
    replace(IAMBackend, create_policy=create_policy, create_policy_version=create_policy_version)


def create_policy(backend: Any, description: str, path: str, policy_document: str, *more: Any, **named: Any) -> Any:
    """CreatePolicy: the document must be short enough."""
    _check_length(policy_document)
    made: ManagedPolicy = _create(backend, description, path, policy_document, *more, **named)
    return made


def create_policy_version(backend: Any, policy_arn: str, policy_document: str, set_as_default: Any) -> PolicyVersion:
    """CreatePolicyVersion: as CreatePolicy."""
    _check_length(policy_document)
    return _create_version(backend, policy_arn, policy_document, set_as_default)


def _check_length(document: str) -> None:
    if len("".join(document.split())) > DOCUMENT_CHARACTERS:
        # AWS's own words (IAM troubleshooting, "Cannot exceed quota for PolicySize").
        raise LimitExceededException(f"Cannot exceed quota for PolicySize: {DOCUMENT_CHARACTERS}")
