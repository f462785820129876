from __future__ import annotations

import json
import os
from typing import Any

import boto3
import pytest

from playtest.local_aws import LocalAws, MissingApi, PlayEvent, PlayEventKind

ROLE = "arn:aws:iam::123456789012:role/nobody"


class Busy(Exception):
    """A failure that the miniature's Retry names."""


class BusyToo(Busy):
    """A subclass of it: ErrorEquals matches names, not classes."""


def run(aws: LocalAws, states: dict[str, Any], start_input: Any = None, **machine: Any) -> Any:
    """Run a state machine of `states`, of which the first is the start, and return its record."""
    definition = {"StartAt": next(iter(states)), "States": states, **machine}
    created = aws.client("stepfunctions").create_state_machine(
        name="of-the-test", definition=json.dumps(definition), roleArn=ROLE
    )
    aws.client("stepfunctions").start_execution(
        stateMachineArn=created["stateMachineArn"], input=json.dumps(start_input or {})
    )
    aws.settle()
    return aws.executions()[-1]


def work_input() -> dict[str, Any]:
    """What the miniature's state machine starts with."""
    return {"id": "a", "looks": 0}


def catching(handlers: Any) -> list[Any]:
    """Collect the events that the miniature's rule on status changes delivers."""
    events: list[Any] = []
    handlers.catch = lambda event, _context: events.append(event)
    return events


def test_a_choice_compares_the_one_value_of_a_definite_path(aws: LocalAws) -> None:
    """`$.a[0].b` is a scalar on AWS; moto makes a list of it, and every Choice on it is wrong."""
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.a[0].b", "StringEquals": "x", "Next": "Right"}],
        "Default": "Wrong",
    }
    ends = {name: {"Type": "Succeed"} for name in ("Right", "Wrong")}
    assert run(aws, {"Choose": choice, **ends}, {"a": [{"b": "x"}]}).states == ("Choose", "Right")


@pytest.mark.parametrize(
    ("path", "found"),
    [("$.a[0].b", 1), ("$.a[*].b", [1, 2]), ("$.a[?(@.b>1)].b", [2]), ("$.a[0:1].b", [1]), ("$..b", [1, 2])],
)
def test_only_an_indefinite_path_gives_a_list(aws: LocalAws, path: str, found: object) -> None:
    """Wildcards, filters, slices and descents may find many; all other paths find one."""
    made = run(aws, {"Pick": {"Type": "Pass", "Parameters": {"got.$": path}, "End": True}}, {"a": [{"b": 1}, {"b": 2}]})
    assert made.output == {"got": found}


def test_a_choice_that_matches_nothing_has_its_own_error(aws: LocalAws) -> None:
    """AWS says States.NoChoiceMatched, so that a Catch can name it."""
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "End"}]}
    made = run(aws, {"Choose": choice, "End": {"Type": "Succeed"}}, {"a": 2})
    assert (made.status, made.error) == ("FAILED", "States.NoChoiceMatched")


def test_a_fail_state_passes_the_error_of_a_service_on(aws: LocalAws) -> None:
    """A Fail state may end with States.Timeout or the like, which it was handed."""
    fail = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
    made = run(aws, {"Stop": fail}, {"error": {"Error": "States.Timeout", "Cause": "too slow"}})
    assert (made.error, made.cause) == ("States.Timeout", "too slow")


def test_the_parameters_of_sdk_integrations_become_those_of_boto(aws: LocalAws) -> None:
    """PascalCase in ASL is what AWS takes, whatever botocore calls the member."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:iot:describeThingGroup",
        "Parameters": {"ThingGroupName": "mini-quarantine"},
        "ResultSelector": {"name.$": "$.ThingGroupName"},
        "End": True,
    }
    assert run(aws, {"Look": task}).output == {"name": "mini-quarantine"}


def test_waits_pass_on_the_virtual_clock(aws: LocalAws) -> None:
    """Eight minutes pass for the execution and the clock, and nobody sleeps them."""
    seen: list[float] = []
    aws.clock.subscribe(lambda before, after: seen.append((after - before).total_seconds()))
    made = run(aws, {"Pause": {"Type": "Wait", "Seconds": 480, "End": True}})
    assert made.seconds == pytest.approx(480, abs=5)
    assert aws.clock.waited == 480
    assert seen == [pytest.approx(480, abs=1)]


def test_a_wait_for_a_moment_counts_from_the_virtual_clock(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto subtracts local time from UTC; the local AWS does not care what TZ says."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    aws.clock.advance(3600)
    until = aws.clock.now().replace(microsecond=0).timestamp() + 60
    moment = aws.clock.now().fromtimestamp(until, aws.clock.now().tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")
    run(aws, {"Pause": {"Type": "Wait", "Timestamp": moment, "End": True}})
    assert aws.clock.waited == pytest.approx(3660, abs=3)


def test_an_execution_whose_own_waits_exceed_its_timeout_times_out(aws: LocalAws) -> None:
    """A TimeoutSeconds that is too short for the waits would stop it on AWS as well."""
    states = {"Pause": {"Type": "Wait", "Seconds": 90, "Next": "End"}, "End": {"Type": "Succeed"}}
    assert run(aws, states, TimeoutSeconds=60).status == "TIMED_OUT"


def test_the_waits_of_others_do_not_time_an_execution_out(aws: LocalAws) -> None:
    """The clock is shared, the time an execution may take is not."""
    aws.clock.advance(10_000)
    assert run(aws, {"End": {"Type": "Succeed"}}, TimeoutSeconds=60).status == "SUCCEEDED"


def test_the_context_object_tells_virtual_time_as_text(aws: LocalAws) -> None:
    """Times are text with milliseconds and Z, and DescribeExecution still works."""
    aws.clock.advance(86_400)
    told = {"start.$": "$$.Execution.StartTime", "entered.$": "$$.State.EnteredTime"}
    made = run(aws, {"Tell": {"Type": "Pass", "Parameters": told, "End": True}})
    today = aws.clock.now().strftime("%Y-%m-%dT")
    assert set(made.output) == {"start", "entered"}
    assert all(text.startswith(today) and text.endswith("Z") and len(text) == 24 for text in made.output.values())
    assert aws.client("stepfunctions").describe_execution(executionArn=made.arn)["status"] == "SUCCEEDED"


def test_a_retry_waits_on_the_virtual_clock_and_matches_names_exactly(aws: LocalAws, handlers: Any) -> None:
    """`Busy` is retried after 20 s; its subclass is another name, and goes to the Catch."""
    failures = iter([Busy("1"), BusyToo("2")])

    def work(_event: Any, _context: Any) -> None:
        raise next(failures)

    handlers.work = work
    aws.start_execution("WorkStateMachine", work_input())
    aws.settle()
    (made,) = aws.executions()
    assert (made.error, made.states) == ("BusyToo", ("Claim", "Work", "Page", "Failed"))
    assert aws.clock.waited == pytest.approx(20)


def test_executions_without_a_name_do_not_collide(aws: LocalAws) -> None:
    """moto calls them all `None`, and refuses the second."""
    names = [aws.start_execution("WorkStateMachine", work_input()).rpartition(":")[2] for _ in range(2)]
    aws.settle()
    assert len(set(names)) == 2
    assert "None" not in names


def test_a_claim_is_won_by_one_of_many_executions_at_once(aws: LocalAws) -> None:
    """moto has no lock for conditional writes; the local AWS has one."""
    for _ in range(20):
        aws.start_execution("WorkStateMachine", work_input())
    aws.settle()
    last = [made.states[-1] for made in aws.executions()]
    assert sorted(last) == ["AlreadyClaimed"] * 19 + ["Done"]


@pytest.mark.parametrize(("fault", "status"), [("abort_in", "ABORTED"), ("time_out_in", "TIMED_OUT")])
def test_an_execution_that_ends_early_is_told_on_the_default_bus(
    aws: LocalAws, handlers: Any, fault: str, status: str
) -> None:
    """The template's own rule sees the status change, as AWS writes it, and the state did nothing."""
    events = catching(handlers)
    getattr(aws.faults, fault)("Work")
    arn = aws.start_execution("WorkStateMachine", work_input())
    aws.settle()
    (event,) = events
    assert (aws.executions()[0].status, aws.executions()[0].states) == (status, ("Claim", "Work"))
    assert not aws.calls.of("WorkFunction")
    assert (event["source"], event["detail-type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert event["resources"] == [arn]
    assert event["detail"]["status"] == status
    assert event["detail"]["stateMachineArn"] == aws.stack.resource("WorkStateMachine")
    assert json.loads(event["detail"]["input"]) == work_input()
    assert event["detail"]["stopDate"] >= event["detail"]["startDate"] > 1_700_000_000_000


def test_an_execution_that_is_stopped_stays_so_when_its_task_fails_afterwards(aws: LocalAws, handlers: Any) -> None:
    """StopExecution wins over what the running task answers, and its error and cause are kept."""

    def work(_event: Any, _context: Any) -> None:
        aws.abort(aws.executions()[0].arn, "ByHand", "enough")
        raise ValueError("too late")

    handlers.work = as_nobody(work)
    aws.start_execution("WorkStateMachine", work_input())
    aws.settle()
    (made,) = aws.executions()
    assert (made.status, made.error, made.cause) == ("ABORTED", "ByHand", "enough")


def as_nobody(handler: Any) -> Any:
    """Let a handler of a test use the local AWS itself: what it calls is not its function's call."""
    from playtest.local_aws.calls import CALLER  # noqa: PLC0415 - only this test reaches behind the function

    def wrapped(event: Any, context: Any) -> Any:
        CALLER.set(None)
        return handler(event, context)

    return wrapped


def test_time_out_ends_an_execution_from_outside(aws: LocalAws, handlers: Any) -> None:
    """What a test times out ends TIMED_OUT once its running task has answered."""
    handlers.work = as_nobody(lambda _event, _context: aws.time_out(aws.executions()[0].arn))
    aws.start_execution("WorkStateMachine", work_input())
    aws.settle()
    assert aws.executions()[0].status == "TIMED_OUT"


def test_calls_of_a_task_are_its_state_machines(aws: LocalAws, handlers: Any) -> None:
    """Direct calls belong to the state machine, those within the function to the function."""

    def work(event: Any, _context: Any) -> Any:
        key = {"pk": {"S": event["id"]}, "sk": {"S": "WORK"}}
        boto3.client("dynamodb").put_item(TableName=os.environ["MINI_TABLE"], Item=key)
        return {"decision": "done", "list": [{"word": "stop"}]}

    handlers.work = work
    aws.start_execution("WorkStateMachine", work_input())
    aws.settle()
    made = [(call.principal, call.service, call.operation, call.number) for call in aws.calls]
    assert made == [
        ("WorkStateMachine", "dynamodb", "UpdateItem", 1),
        ("WorkFunction", "dynamodb", "PutItem", 1),
        ("WorkStateMachine", "lambda", "Invoke", 1),
    ]


def test_a_live_view_is_told_every_state_in_order(start_miniature: Any) -> None:
    """Entered, exited and failed states, calls, and the execution's beginning and end, at virtual times."""
    events: list[PlayEvent] = []
    with start_miniature(on_event=events.append) as aws:
        aws.start_execution("WorkStateMachine", work_input())
        aws.settle()
    told = [(event.kind, event.subject) for event in events if event.kind is not PlayEventKind.CALL_MADE]
    assert told[0] == (PlayEventKind.EXECUTION_STARTED, "")
    assert told[1:3] == [(PlayEventKind.STATE_ENTERED, "Claim"), (PlayEventKind.STATE_EXITED, "Claim")]
    assert told[-1] == (PlayEventKind.EXECUTION_ENDED, "SUCCEEDED")
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert {event.principal for event in events} <= {"WorkStateMachine", "WorkFunction"}


def test_an_api_that_moto_lacks_fails_loudly_although_it_was_caught(aws: LocalAws) -> None:
    """A Catch of States.ALL hides it from the execution, and must not hide it from the test."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:iot:getStatistics",
        "Parameters": {"QueryString": "*"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fine"}],
        "End": True,
    }
    with pytest.raises(MissingApi, match="GetStatistics"):
        run(aws, {"Ask": task, "Fine": {"Type": "Succeed"}})


def test_a_service_that_moto_has_never_heard_of_fails_loudly_too(aws: LocalAws, handlers: Any) -> None:
    """moto answers 404 for it, which a step might take for an answer."""

    def work(_event: Any, _context: Any) -> None:
        client = boto3.client("iotsecuretunneling")
        client.describe_tunnel(tunnelId="t")

    handlers.work = as_nobody(work)
    aws.invoke("WorkFunction", {})
    with pytest.raises(MissingApi, match="DescribeTunnel"):
        aws.settle()
