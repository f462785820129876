from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from playtest.local_aws import LocalAws, ProcessStopped, lambda_bridge


class RecordBusy(Exception):
    """A failure with a name of its own."""


def raising(error: BaseException) -> Any:
    """A handler that raises `error`."""

    def handler(_event: Any, _context: Any) -> None:
        raise error

    return handler


def test_a_result_comes_back_as_json(aws: LocalAws, handlers: Any) -> None:
    """The handler gets what JSON keeps of the event, and its answer comes back as JSON."""
    handlers.work = lambda event, _context: {"got": event["numbers"], "pair": (1, 2)}
    assert aws.invoke("WorkFunction", {"numbers": (1,)}).result == {"got": [1], "pair": [1, 2]}


@pytest.mark.parametrize(
    ("error", "reported"), [(RecordBusy("later"), "RecordBusy"), (ProcessStopped("now"), "Runtime.ExitError")]
)
def test_a_failure_is_reported_as_lambda_does(
    aws: LocalAws, handlers: Any, error: BaseException, reported: str
) -> None:
    """ErrorEquals in ASL matches the exception's class name, and a dead runtime's own name."""
    handlers.work = raising(error)
    answer = aws.client("lambda").invoke(FunctionName=aws.stack.resource("WorkFunction"), Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == reported


def test_a_handler_that_takes_too_long_is_timed_out_and_then_reaches_nothing(
    aws: LocalAws, handlers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its Timeout the invocation has failed, and what still runs of it makes no call."""
    go_on, ended = threading.Event(), threading.Event()
    monkeypatch.setattr("playtest.local_aws.lambda_bridge.timeout_of", lambda _function: 0.05)
    monkeypatch.setattr("playtest.local_aws.patience.STRETCH", 1)

    def handler(_event: Any, _context: Any) -> None:
        try:
            go_on.wait(5)
            boto3.client("sns").list_topics()
        finally:
            ended.set()

    handlers.work = handler
    assert aws.invoke("WorkFunction", {}).error["errorType"] == "Sandbox.Timedout"  # type: ignore[index] # it failed
    go_on.set()
    assert ended.wait(5)
    assert not aws.calls.of("WorkFunction")


def test_the_context_tells_what_aws_tells(aws: LocalAws, handlers: Any) -> None:
    """Name, ARN, request id and the time that is left are there."""
    handlers.work = lambda _event, context: [
        context.function_name,
        context.invoked_function_arn,
        context.aws_request_id,
        0 < context.get_remaining_time_in_millis() <= 5000,
    ]
    run = aws.invoke("WorkFunction", {})
    name = aws.stack.resource("WorkFunction")
    assert run.result == [name, f"arn:aws:lambda:eu-west-1:123456789012:function:{name}", run.request_id, True]


def test_what_a_handler_prints_goes_to_its_log_and_not_to_the_terminal(
    aws: LocalAws, handlers: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Log lines and embedded metrics must not mix with what a command prints."""
    handlers.work = lambda _event, _context: print("a log line")  # noqa: T201 - that is what is tested
    assert "".join(aws.invoke("WorkFunction", {}).output) == "a log line\n"
    assert capsys.readouterr().out == ""


def test_an_asynchronous_invocation_is_retried_and_then_handed_to_its_destination(aws: LocalAws, handlers: Any) -> None:
    """MaximumRetryAttempts of the template counts, and the event is not lost when they are used up."""
    handlers.catch = raising(RecordBusy("always"))
    aws.invoke_async("CatchFunction", {"id": 7})
    aws.settle()
    (message,) = aws.client("sqs").receive_message(QueueUrl=aws.stack.resource("DeliveryDeadLetterQueue"))["Messages"]
    assert [run.function for run in aws.invocations] == ["CatchFunction"] * 2
    assert json.loads(message["Body"])["requestPayload"] == {"id": 7}


def test_an_asynchronous_invocation_without_a_destination_is_told_as_undelivered(aws: LocalAws, handlers: Any) -> None:
    """What AWS would drop silently after three attempts is visible to a test."""
    handlers.sweep = raising(RecordBusy("always"))
    aws.invoke_async("SweepFunction", {})
    aws.settle()
    assert len(aws.invocations) == 3
    assert "SweepFunction gave up" in aws.undelivered[0]


def test_no_more_handlers_run_at_once_than_there_is_room_for(aws: LocalAws, handlers: Any) -> None:
    """The others wait for their turn, and what they wait is not taken from their Timeout."""
    running, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(lambda_bridge.AT_ONCE)

    def work(_event: Any, _context: Any) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1

    handlers.work = work
    with ThreadPoolExecutor(3 * lambda_bridge.AT_ONCE) as pool:
        runs = list(pool.map(lambda _: aws.invoke("WorkFunction", {}), range(3 * lambda_bridge.AT_ONCE)))
    assert [run.error for run in runs] == [None] * len(runs)
    assert most == lambda_bridge.AT_ONCE


def test_where_every_answer_is_lost_once_each_handler_runs_twice(aws: LocalAws, handlers: Any) -> None:
    """The first run is over when the second begins, and only the second is answered."""
    seen: list[int] = []

    def work(event: Any, _context: Any) -> int:
        seen.append(event["n"])
        return len(seen)

    handlers.work = work
    aws.faults.every_answer_is_lost_once = True
    assert aws.invoke("WorkFunction", {"n": 7}).result == 2
    assert seen == [7, 7]
    aws.faults.every_answer_is_lost_once = False
    assert aws.invoke("WorkFunction", {"n": 8}).result == 3
