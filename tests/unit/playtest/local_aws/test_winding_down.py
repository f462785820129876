from __future__ import annotations

import threading
from typing import Any

import boto3
import pytest

from playtest.local_aws import Faults, ProcessStopped, sessions
from playtest.local_aws.calls import CALLER, Caller


def test_what_still_runs_at_the_end_is_stopped_before_moto_is(handlers: Any, start_miniature: Any) -> None:
    """A test that leaves without settling leaves no thread behind that would reach for the real AWS."""
    entered, leaving = threading.Event(), threading.Event()

    def work(_event: Any, _context: Any) -> Any:
        entered.set()
        leaving.wait(5)
        boto3.client("sns")
        return {"decision": "done", "list": [{"word": "stop"}]}

    handlers.work = work
    with start_miniature() as aws:
        aws.start_execution("WorkStateMachine", {"id": "a", "looks": 0})
        assert entered.wait(5)
        leaving.set()
        executions = aws._runtime.executions
    assert executions._started[0].status in {"ABORTED", "SUCCEEDED"}


def test_a_caller_whose_local_aws_is_gone_reaches_nothing() -> None:
    """A handler's thread that outlives its local AWS gets no answer, above all not a real one."""
    token = CALLER.set(Caller("Somebody"))
    try:
        with pytest.raises(ProcessStopped):
            sessions.client("sns", "eu-west-1").list_topics()
    finally:
        CALLER.reset(token)


def test_faults_may_be_given_before_the_start(start_miniature: Any) -> None:
    """A scenario can be written down before its local AWS exists."""
    faults = Faults()
    faults.abort_in("Work")
    with start_miniature(faults=faults) as aws:
        aws.start_execution("WorkStateMachine", {"id": "a", "looks": 0})
        aws.settle()
        assert aws.executions()[0].status == "ABORTED"
