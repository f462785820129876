"""What lies in the queues of the stack that people look into: rejected messages and dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from playtest.local_aws import LocalAws
from playtest.result import DeadLetter, Rejection

_REJECTED = "RejectedQueue"


def rejections(aws: LocalAws) -> list[Rejection]:
    """Return what triage put into the rejected queue."""
    return [_rejection(json.loads(body)) for body in _bodies(aws, aws.stack.resource(_REJECTED))]


def _rejection(said: dict[str, Any]) -> Rejection:
    return Rejection(
        reason=said["reason"], field=said["field"], by="triage", delivery=said["delivery_id"], raw=said["raw"]
    )


def dead_letters(aws: LocalAws) -> list[DeadLetter]:
    """Return what lies in any queue of the stack that neither a function reads nor triage rejects into."""
    read = {mapping["EventSourceArn"] for mapping in _mappings(aws)}
    return [
        _dead_letter(name, body)
        for name, url in sorted(aws.stack.of_type("AWS::SQS::Queue").items())
        if name != _REJECTED and _arn(aws, url) not in read
        for body in _bodies(aws, url)
    ]


def _dead_letter(queue: str, body: str) -> DeadLetter:
    said = _object(body)
    response = said.get("responsePayload")
    if isinstance(response, dict):
        function = said.get("requestContext", {}).get("functionArn", "a function")
        error = f"{response.get('errorType')}: {response.get('errorMessage')}"
        return DeadLetter(queue=queue, reason=f"{function} failed to the end: {error}")
    if "detail-type" in said:
        reason = f"EventBridge could not deliver {said.get('detail-type')!r}"
        return DeadLetter(queue=queue, reason=reason, delivery=said.get("id"))
    return DeadLetter(queue=queue, reason="triage failed on it each time", delivery=said.get("MessageId"))


def _object(body: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _mappings(aws: LocalAws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return found


def _arn(aws: LocalAws, url: str) -> str:
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _bodies(aws: LocalAws, url: str) -> Iterator[str]:
    """Yield the bodies of all messages; they stay in the queue, invisible for a while."""
    sqs = aws.client("sqs")
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        yield from (message["Body"] for message in messages)
