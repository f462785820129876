from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.exec import execute_state

from playtest.local_aws import LocalAws, patience


def test_a_task_that_takes_too_long_times_out_as_long_as_that_lasts_here(
    aws: LocalAws, handlers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its function hangs: the state gives it up, and not before its seconds are over."""
    waited, hung = list[float | None](), threading.Event()

    class Hasty(patience.PatientEvent):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            return super().wait(timeout and timeout / 1000)

    monkeypatch.setattr(execute_state, "threading", SimpleNamespace(Event=Hasty))
    handlers.work = lambda _event, _context: hung.wait(5)
    start(aws, {"FunctionName": aws.stack.resource("WorkFunction"), "Payload": {}})
    hung.set()
    execution = aws.executions()[-1]
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    assert waited == [7]


def start(aws: LocalAws, parameters: dict[str, Any]) -> None:
    """Run a state machine whose only state invokes a function, and has seven seconds for it."""
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 7, "End": True}
    definition = {"StartAt": "Hang", "States": {"Hang": {**state, "Parameters": parameters}}}
    created = aws.client("stepfunctions").create_state_machine(
        name="hangs", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/nobody"
    )
    aws.client("stepfunctions").start_execution(stateMachineArn=created["stateMachineArn"], input="{}")
    aws.settle()


@pytest.mark.parametrize(("seconds", "lasts"), [(2.0, 40.0), (None, None), (1e9, threading.TIMEOUT_MAX)])
def test_a_second_lasts_longer_here(
    monkeypatch: pytest.MonkeyPatch, seconds: float | None, lasts: float | None
) -> None:
    """Twenty times as long, for ever where there is no time-out, and never longer than a thread can wait."""
    waited = []
    monkeypatch.setattr(threading.Event, "wait", lambda _event, timeout: waited.append(timeout))
    patience.PatientEvent().wait(seconds)
    assert waited == [lasts]
