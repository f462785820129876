"""Bucket policies with their conditions: moto takes `Deny without TLS` for `Deny`, and so refuses everything."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from playtest.local_aws import conditions
from playtest.local_aws.arns import matches, one_or_many

# What boto3 does: HTTPS, with the TLS that every AWS endpoint speaks.
_REQUEST = {"aws:securetransport": "true", "s3:tlsversion": "1.3"}


def effects(policy: Mapping[str, Any], action: str, resource: str) -> set[str]:
    """Return the Effects of all statements that speak of anybody doing `action` on `resource` (an ARN)."""
    return {statement["Effect"] for statement in _applying(policy, action, resource)}


def _applying(policy: Mapping[str, Any], action: str, resource: str) -> Iterable[Mapping[str, Any]]:
    for statement in one_or_many(policy["Statement"]):
        if (
            statement["Principal"] in ("*", {"AWS": "*"})  # roles of the account are judged by their own policies
            and any(matches(pattern.lower(), action.lower()) for pattern in one_or_many(statement["Action"]))
            and any(matches(pattern, resource) for pattern in one_or_many(statement["Resource"]))
            and conditions.hold(statement.get("Condition", {}), _REQUEST)
        ):
            yield statement


@functools.cache
def install() -> None:
    """Let moto's buckets judge with `effects`, once per process."""

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        found = effects(json.loads(bucket.policy), action, resource) if bucket.policy else set()
        if "Deny" in found:
            return PermissionResult.DENIED
        return PermissionResult.PERMITTED if "Allow" in found else PermissionResult.NEUTRAL

    FakeBucket.get_permission = get_permission
