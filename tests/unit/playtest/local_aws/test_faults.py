from __future__ import annotations

import contextlib
import os
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from playtest.local_aws import LocalAws


def row(key: str) -> dict[str, Any]:
    """A row's key in the miniature's table."""
    return {"pk": {"S": key}, "sk": {"S": "x"}}


def two_writes(_event: Any, _context: Any) -> Any:
    """Write a, then b; whoever dies in between tries to tidy up in a finally block."""
    dynamodb, table = boto3.client("dynamodb"), os.environ["MINI_TABLE"]
    try:
        dynamodb.put_item(TableName=table, Item=row("a"))
        dynamodb.put_item(TableName=table, Item=row("b"))
    except Exception:  # noqa: BLE001 - a stopped process must get past this
        return {"decision": "done", "list": [{"word": "stop"}]}
    finally:
        dynamodb.put_item(TableName=table, Item=row("tidied"))
    return {"decision": "done", "list": [{"word": "stop"}]}


def rows(aws: LocalAws) -> set[str]:
    """The keys in the miniature's table."""
    return {item["pk"]["S"] for item in aws.client("dynamodb").scan(TableName=aws.stack.resource("Table"))["Items"]}


@pytest.mark.parametrize(
    ("fault", "number", "written"),
    [
        ("stop_after", 1, {"a"}),
        ("stop_before", 2, {"a"}),
        ("stop_after", 2, {"a", "b"}),
        ("stop_before", 1, set()),
        ("stop_after_write", 0, set()),
        ("stop_after_write", 1, {"a"}),
        ("stop_after_write", 2, {"a", "b"}),
    ],
)
def test_a_stopped_process_has_done_what_it_did_and_no_more(
    aws: LocalAws, handlers: Any, fault: str, number: int, written: set[str]
) -> None:
    """The call took effect or was not made; no except and no finally of the dead process reaches anything."""
    handlers.work = two_writes
    getattr(aws.faults, fault)("WorkFunction", number)
    error = aws.invoke("WorkFunction", {}).error
    assert error is not None
    assert error["errorType"] == "Runtime.ExitError"
    assert rows(aws) == written
    assert len(aws.faults.struck) == 1


def test_reads_are_not_counted_among_the_writes(aws: LocalAws, handlers: Any) -> None:
    """After the second write is after the third call, where the second only looked."""

    def read_between(_event: Any, _context: Any) -> None:
        dynamodb, table = boto3.client("dynamodb"), os.environ["MINI_TABLE"]
        dynamodb.put_item(TableName=table, Item=row("a"))
        with contextlib.suppress(ClientError):  # which it may not even make
            dynamodb.get_item(TableName=table, Key=row("a"))
        dynamodb.put_item(TableName=table, Item=row("b"))
        dynamodb.put_item(TableName=table, Item=row("c"))

    handlers.work = read_between
    aws.faults.stop_after_write("WorkFunction", 2)
    assert aws.invoke("WorkFunction", {}).error is not None
    assert rows(aws) == {"a", "b"}
    assert aws.faults.struck == ["WorkFunction stopped after write 2"]


def test_a_process_is_stopped_only_once(aws: LocalAws, handlers: Any) -> None:
    """The second attempt runs to its end, so that a retry can be watched."""
    handlers.work = two_writes
    aws.faults.stop_after("WorkFunction", 1)
    aws.start_execution("WorkStateMachine", {"id": "i", "looks": 0})
    aws.settle()
    assert aws.executions()[0].status == "SUCCEEDED"
    assert [run.error is None for run in aws.invocations] == [False, True]


def test_a_stopped_batch_is_delivered_again(aws: LocalAws) -> None:
    """Triage that dies after its event leaves the message in the queue."""
    aws.faults.stop_after("TriageFunction", 1)
    aws.publish_alarm('{"id": "i", "looks": 0}')
    aws.settle()
    assert sorted(made.states[-1] for made in aws.executions()) == ["AlreadyClaimed", "Done"]


def test_a_service_can_be_made_to_fail_for_one_caller_and_some_times(aws: LocalAws, handlers: Any) -> None:
    """The call is not made, has the wanted code, and is recorded with it."""
    handlers.work = two_writes
    aws.faults.fail("dynamodb", "PutItem", "ThrottlingException", times=1, function="AnotherFunction")
    aws.faults.fail("dynamodb", "PutItem", "ThrottlingException", times=1, function="WorkFunction")
    aws.invoke("WorkFunction", {})
    assert [call.error for call in aws.calls.of("WorkFunction")] == ["ThrottlingException", None]
    assert rows(aws) == {"tidied"}


def test_a_task_that_is_throttled_is_retried_by_its_own_name(aws: LocalAws) -> None:
    """The injected error looks like the service's, so ErrorEquals matches it."""
    aws.faults.fail("lambda", "Invoke", "TooManyRequestsException", times=2, function="WorkStateMachine")
    aws.start_execution("WorkStateMachine", {"id": "i", "looks": 0})
    aws.settle()
    assert aws.executions()[0].status == "SUCCEEDED"
    assert aws.clock.waited == pytest.approx(60)


def test_faults_that_have_not_struck_can_be_cleared(aws: LocalAws, handlers: Any) -> None:
    """A cleared fault does not strike."""
    handlers.work = two_writes
    aws.faults.stop_after("WorkFunction", 1)
    aws.faults.abort_in("Work")
    aws.faults.clear()
    assert aws.invoke("WorkFunction", {}).error is None
    assert not aws.faults.struck
