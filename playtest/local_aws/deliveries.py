"""How one AWS service hands work to a resource: to state machines, topics, queues, and functions."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.responses import get_backend

from playtest.local_aws import runtime, service_permissions

Deliver = Callable[[str, str, str | None], None]


def deliver(arn: str, body: str, *, name: str | None = None, source: str | None = None) -> None:
    """Hand `body` to the resource `arn`. `name` names an execution, `source` is the ARN of the rule that does it.

    Raises whatever the resource answers (an unknown queue, an execution that exists), `service_permissions.Refused`
    when its policy does not let EventBridge in, or NotImplementedError for a kind of target that is not made here.
    """
    service = arn.split(":")[2]
    if service not in TARGETS:
        raise NotImplementedError(f"a delivery to {arn}")
    if source is not None:
        service_permissions.require(arn, "events.amazonaws.com", source)
    TARGETS[service](arn, body, name)


def region_of(arn: str) -> str:
    """Return the Region that an ARN names."""
    return arn.split(":")[3]


def _to_state_machine(arn: str, body: str, name: str | None) -> None:
    get_backend(runtime.ACCOUNT, region_of(arn)).start_execution(arn, name or str(uuid.uuid4()), body)


def _to_topic(arn: str, body: str, _name: str | None) -> None:
    sns_backends[runtime.ACCOUNT][region_of(arn)].publish(message=body, arn=arn)


def _to_queue(arn: str, body: str, _name: str | None) -> None:
    queue = arn.rpartition(":")[2]
    sqs_backends[runtime.ACCOUNT][region_of(arn)].send_message(queue_name=queue, message_body=body)


TARGETS: dict[str, Deliver] = {"states": _to_state_machine, "sns": _to_topic, "sqs": _to_queue}
"""By the service in the target's ARN. The Lambda bridge adds `lambda`: what it cannot invoke it delivers, too."""
