"""A task that waits for its token rests: settled, resumed by the token, ended by the virtual clock."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from playtest.local_aws import LocalAws
from playtest.local_aws.executions import ExecutionRecord
from tests.unit.playtest.local_aws.test_step_functions import run

HOUR = 3600


def waiting(aws: LocalAws, **changed: Any) -> dict[str, Any]:
    """The states of a machine that asks the miniature's function and waits an hour for the token."""
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": aws.stack.resource("WorkFunction"),
            "Payload": {"token.$": "$$.Task.Token"},
        },
        "TimeoutSecondsPath": "$.seconds",
        "ResultPath": "$.answer",
        "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.silence", "Next": "Silence"}],
        "Next": "Answered",
        **changed,
    }
    return {"Ask": ask, "Answered": {"Type": "Succeed"}, "Silence": {"Type": "Succeed"}}


def ask(aws: LocalAws, **machine: Any) -> ExecutionRecord:
    """Run the machine until it waits, and return its record."""
    made: ExecutionRecord = run(aws, waiting(aws), {"seconds": HOUR}, **machine)
    return made


def send(aws: LocalAws, token: str, output: str = "{}") -> None:
    """Send a token back as a success."""
    aws.client("stepfunctions").send_task_success(taskToken=token, output=output)


def refused(aws: LocalAws, token: str, output: str = "{}") -> str:
    """The code with which AWS refuses a token."""
    with pytest.raises(ClientError) as told:
        send(aws, token, output)
    return str(told.value.response["Error"]["Code"])


def test_an_execution_that_waits_for_its_token_is_settled_and_running(aws: LocalAws, tokens: list[str]) -> None:
    """`settle` returns, nothing has ended, and no time has passed."""
    made = ask(aws)
    assert (made.status, made.states) == ("RUNNING", ("Ask",))
    assert (len(tokens), aws.clock.waited) == (1, 0)


def test_a_token_that_comes_back_resumes_its_execution(aws: LocalAws, tokens: list[str]) -> None:
    """Its output is the task's, and `settle` waits for what follows."""
    ask(aws)
    send(aws, tokens[0], '{"said": "yes"}')
    aws.settle()
    (made,) = aws.executions()
    assert (made.status, made.states) == ("SUCCEEDED", ("Ask", "Answered"))
    assert made.output == {"seconds": HOUR, "answer": {"said": "yes"}}


def test_a_wait_is_over_when_its_time_is_by_the_virtual_clock(aws: LocalAws, tokens: list[str]) -> None:
    """A second before it the task still waits; after it the Catch of States.Timeout has it, and the token is dead."""
    ask(aws)
    aws.clock.advance(HOUR - 5)
    aws.settle()
    assert aws.executions()[0].states == ("Ask",)
    aws.clock.advance(5)
    aws.settle()
    (made,) = aws.executions()
    assert (made.status, made.states) == ("SUCCEEDED", ("Ask", "Silence"))
    assert made.output["silence"]["Error"] == "States.Timeout"
    assert refused(aws, tokens[0]) == "TaskTimedOut"


def test_a_token_answers_once(aws: LocalAws, tokens: list[str]) -> None:
    """The second time, and one that nobody handed out, are refused; so is an output that is no JSON."""
    ask(aws)
    assert refused(aws, tokens[0], "not JSON") == "InvalidOutput"
    send(aws, tokens[0])
    assert refused(aws, tokens[0]) == "TaskTimedOut"
    assert refused(aws, "made-up") == "InvalidToken"
    aws.settle()
    assert aws.executions()[0].states == ("Ask", "Answered")


def test_a_token_and_the_time_out_at_once_have_one_winner(aws: LocalAws, tokens: list[str]) -> None:
    """Whichever comes first, the execution goes one way, and the sender is told which."""
    ask(aws)
    told: list[str] = []

    def answer() -> None:
        try:
            send(aws, tokens[0])
        except ClientError as error:
            told.append(error.response["Error"]["Code"])

    racer = threading.Thread(target=answer)
    racer.start()
    aws.clock.advance(HOUR)
    racer.join()
    aws.settle()
    assert aws.executions()[0].states == (("Ask", "Silence") if told else ("Ask", "Answered"))
    assert told in ([], ["TaskTimedOut"])


def test_a_token_may_come_back_before_its_function_has_answered(aws: LocalAws, handlers: Any) -> None:
    """Step Functions takes it at once."""
    from tests.unit.playtest.local_aws.test_step_functions import as_nobody  # noqa: PLC0415 - only this test

    handlers.work = as_nobody(lambda event, _context: send(aws, event["token"]))
    assert ask(aws).states == ("Ask", "Answered")


def test_a_failure_that_is_sent_back_is_the_tasks(aws: LocalAws, tokens: list[str]) -> None:
    """Error and cause are those of the sender."""
    ask(aws)
    aws.client("stepfunctions").send_task_failure(taskToken=tokens[0], error="Refused", cause="by hand")
    aws.settle()
    (made,) = aws.executions()
    assert (made.status, made.error, made.cause) == ("FAILED", "Refused", "by hand")


def test_each_attempt_has_a_token_of_its_own(aws: LocalAws, handlers: Any) -> None:
    """A retry asks with a new token, and that of the attempt that failed answers nothing any more."""
    tokens: list[str] = []

    def work(event: Any, _context: Any) -> None:
        tokens.append(event["token"])
        if len(tokens) == 1:
            raise ValueError("once")

    handlers.work = work
    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 1}]
    run(aws, waiting(aws, Retry=retry), {"seconds": HOUR})
    assert len(set(tokens)) == 2
    assert refused(aws, tokens[0]) == "TaskTimedOut"
    send(aws, tokens[1])
    aws.settle()
    assert aws.executions()[0].states == ("Ask", "Answered")


def test_a_machine_that_runs_out_of_its_time_while_it_waits_times_out(aws: LocalAws, tokens: list[str]) -> None:
    """The wait counts against TimeoutSeconds of the machine, and no Catch sees that end."""
    ask(aws, TimeoutSeconds=60)
    aws.clock.advance(60)
    aws.settle()
    (made,) = aws.executions()
    assert (made.status, made.states) == ("TIMED_OUT", ("Ask",))
    assert refused(aws, tokens[0]) == "TaskTimedOut"


def test_an_execution_that_is_stopped_waits_no_longer(aws: LocalAws, tokens: list[str]) -> None:
    """StopExecution ends the wait at once, and the token is dead."""
    arn = ask(aws).arn
    aws.abort(arn)
    aws.settle()
    assert aws.executions()[0].status == "ABORTED"
    assert refused(aws, tokens[0]) == "TaskTimedOut"
