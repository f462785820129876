from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.stepfunctions.parser.backend.execution import Execution

from playtest.local_aws import LocalAws

MOMENT = 0.2
"""Seconds in which two calls would meet that run at once."""


def put_item(aws: LocalAws) -> object:
    """Put a row."""
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    return aws.client("dynamodb").put_item(TableName=aws.stack.resource("Table"), Item=row)


def start_execution(aws: LocalAws) -> object:
    """Start an execution."""
    return aws.start_execution("WorkStateMachine", {})


@pytest.mark.parametrize(
    ("call", "owner", "method"),
    [(put_item, DynamoDBBackend, "put_item"), (start_execution, Execution, "__init__")],
    ids=["a conditional write", "the start of an execution"],
)
def test_two_of_a_kind_never_run_at_once(
    aws: LocalAws, call: Callable[[LocalAws], object], owner: type, method: str
) -> None:
    """Neither meets the other between its look and its write; this fails when moto does either in another place."""
    meeting, met, tried = threading.Barrier(2), [], []
    original: Any = getattr(owner, method)

    def meet(*args: Any, **kwargs: Any) -> Any:
        tried.append(method)
        try:
            met.append(meeting.wait(MOMENT))
        except threading.BrokenBarrierError:
            meeting.reset()
        return original(*args, **kwargs)

    with mock.patch.object(owner, method, meet), ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(call, aws) for _ in range(2)]:
            done.result()
    assert (len(tried), met) == (2, [])
