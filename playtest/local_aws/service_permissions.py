"""May one AWS service hand work to a resource? The resource's own policy says so, and a missing one means no.

A rule whose target function has no permission, or a topic whose subscribed queue has no policy, fails silently on
AWS; here it goes to the DLQ or to `Runtime.undelivered`, so that a test sees it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.awslambda.utils import get_backend
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from playtest.local_aws import conditions, runtime
from playtest.local_aws.arns import matches, one_or_many

_ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}


class Refused(Exception):
    """The policy of the resource does not let this service in; the message says which, to what, for whom."""


def require(resource: str, service: str, source: str) -> None:
    """Return if the resource `resource` (an ARN) lets `service` act for `source` (an ARN); else raise Refused.

    State machines have no policy of their own (the rule's role counts, which CloudFormation demands).
    """
    kind = resource.split(":")[2]
    if kind == "states":
        return
    statements = _STATEMENTS[kind](resource)
    if not any(_allows(statement, service, _ACTIONS[kind], resource, source) for statement in statements):
        raise Refused(f"no policy of {resource} lets {service} {_ACTIONS[kind]} for {source}")


def _allows(statement: Mapping[str, Any], service: str, action: str, resource: str, source: str) -> bool:
    principal = statement.get("Principal", {})
    services = one_or_many(principal.get("Service", [])) if isinstance(principal, dict) else [principal]
    return (
        statement.get("Effect") == "Allow"
        and service in services
        and any(matches(pattern.lower(), action.lower()) for pattern in one_or_many(statement["Action"]))
        and any(matches(pattern, resource) for pattern in one_or_many(statement["Resource"]))
        and conditions.hold(statement.get("Condition", {}), _known(source))
    )


def _known(source: str) -> conditions.Known:
    return {"aws:sourcearn": source, "aws:sourceaccount": runtime.ACCOUNT, "aws:securetransport": "true"}


def _queue_statements(arn: str) -> Iterable[Mapping[str, Any]]:
    queue = sqs_backends[runtime.ACCOUNT][arn.split(":")[3]].get_queue(arn.rpartition(":")[2])
    return _statements(queue.policy)


def _topic_statements(arn: str) -> Iterable[Mapping[str, Any]]:
    return _statements(sns_backends[runtime.ACCOUNT][arn.split(":")[3]].get_topic(arn).policy)


def _function_statements(arn: str) -> Iterable[Mapping[str, Any]]:
    function = get_backend(runtime.ACCOUNT, arn.split(":")[3]).get_function(arn)
    return [{**statement, "Resource": arn} for statement in function.policy.statements]


def _statements(policy: Any) -> list[Mapping[str, Any]]:
    document = json.loads(policy) if isinstance(policy, str) and policy else policy or {}
    found: list[Mapping[str, Any]] = document.get("Statement", [])
    return found


_STATEMENTS = {"sqs": _queue_statements, "sns": _topic_statements, "lambda": _function_statements}
