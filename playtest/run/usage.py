"""Count what a run used of every unit that AWS has a price for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from playtest.cost import Usage
from playtest.local_aws import Call, Invocation, LocalAws

_WRITE_UNIT = 1024
"""Bytes of an item that one DynamoDB write unit pays for."""
_TRANSACTIONAL = 2
"""A transaction writes everything twice."""
_MEMORY_DEFAULT = 128
_ATTEMPT = frozenset({"TaskScheduled", "LambdaFunctionScheduled"})
_POLL = 2
"""SQS requests of one batch that Lambda takes: ReceiveMessage and DeleteMessageBatch. Empty polls are left out."""


def usage_of(aws: LocalAws, deliveries: int) -> Usage:
    """Return what the run used; `deliveries` are the messages that were published on the alarm topic."""
    calls, invocations = list(aws.calls), aws.invocations
    batches = sum(isinstance(one.event, dict) and "Records" in one.event for one in invocations)
    publishes = _count(calls, "sns", "Publish")
    return Usage(
        state_transitions=_transitions(aws),
        lambda_requests=len(invocations),
        lambda_gb_seconds=sum(_gb_seconds(one, aws.stack.transformed) for one in invocations),
        bus_events=sum(len(call.params["Entries"]) for call in calls if call.operation == "PutEvents"),
        table_write_units=sum(write_units(call.operation, call.params) for call in calls if call.service == "dynamodb"),
        table_read_units=_count(calls, "dynamodb", "GetItem") + _count(calls, "dynamodb", "Query"),
        objects_written=_count(calls, "s3", "PutObject"),
        topic_messages=publishes + deliveries,
        queue_requests=_count(calls, "sqs", "SendMessage") + deliveries + batches * _POLL,
        # Each message that is traced from triage on, and each execution: as if none was left out by sampling.
        traces=batches + len(aws.executions()),
    )


def write_units(operation: str, params: Mapping[str, Any]) -> int:
    """Return the write units of one DynamoDB call, from the size of what it sends; 0 for a call that only reads."""
    if operation == "TransactWriteItems":
        items = [body for item in params["TransactItems"] for body in item.values()]
        return _TRANSACTIONAL * sum(_units(body) for body in items)
    return _units(params) if operation in {"PutItem", "UpdateItem", "DeleteItem"} else 0


def _units(body: Mapping[str, Any]) -> int:
    # An update costs by the whole item, of which we see what is set; most of Cordon's rows are under 1 KB.
    written = {name: body[name] for name in ("Item", "Key", "ExpressionAttributeValues") if name in body}
    return max(1, math.ceil(len(json.dumps(written, default=str)) / _WRITE_UNIT))


def _count(calls: Iterable[Call], service: str, operation: str) -> int:
    return sum(call.service == service and call.operation == operation for call in calls)


def _gb_seconds(invocation: Invocation, transformed: Mapping[str, Any]) -> float:
    """Lambda bills whole milliseconds of its own processor; this machine's are all that we have."""
    properties = transformed["Resources"].get(invocation.function, {}).get("Properties", {})
    gigabytes = int(properties.get("MemorySize", _MEMORY_DEFAULT)) / 1024
    return math.ceil(invocation.seconds * 1000) / 1000 * gigabytes


def _transitions(aws: LocalAws) -> int:
    """Return the states entered and the attempts repeated: each retry counts as a transition."""
    entered = sum(len(execution.states) for execution in aws.executions())
    return entered + sum(_repeated(aws, execution.arn) for execution in aws.executions())


def _repeated(aws: LocalAws, arn: str) -> int:
    pages = aws.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    kinds = [event["type"] for page in pages for event in page["events"]]
    return max(0, sum(kind in _ATTEMPT for kind in kinds) - kinds.count("TaskStateEntered"))
