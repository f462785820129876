"""Tasks that wait for their token: they rest until somebody sends it back, or until their time is up.

moto waits on real time, and `settle` would wait with it. Here the time is the virtual clock's, a task that waits counts
as settled, and a token answers once, as on AWS: later ones are told that the task is over.
"""

from __future__ import annotations

import functools
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import AWSError
from moto.core.responses import EmptyResult
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    CallbackOutcomeTimedOut,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.responses import StepFunctionResponse

from playtest.local_aws import executions, runtime

if TYPE_CHECKING:
    from playtest.local_aws.background import Background
    from playtest.local_aws.clock import VirtualClock


class TokenRefused(AWSError):
    """Step Functions does not take a token or its output; the code says why."""

    STATUS = 400

    def __init__(self, code: str, message: str) -> None:
        """Refuse with AWS's own code and message."""
        super().__init__(message, exception_type=code)


@dataclass(slots=True, eq=False)
class _Task:
    env: Any
    deadline: datetime | None = None
    """When its time is up, once it waits."""
    outcome: Any = None
    is_over: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class TaskTokens:
    """Every token that was handed out in one local AWS, and the task that waits for it."""

    def __init__(self, background: Background, clock: VirtualClock) -> None:
        """Tell `background` which of its work rests, and let time pass by `clock`."""
        self._background, self._clock = background, clock
        self._tasks: dict[str, _Task] = {}
        self._lock = threading.Lock()
        clock.subscribe(lambda _, after: self._run_out(after))

    def hand_out(self, token: str, env: Any) -> None:
        """Know `token`: one attempt of a task of the execution of `env` has it."""
        with self._lock:
            self._tasks[token] = _Task(env)

    def wait(self, token: str, seconds: float) -> Any:
        """Wait for the token for at most `seconds` of virtual time; None: nobody sent it, or the execution ended."""
        task = self._tasks[token]
        began, track = self._clock.now(), executions.track_of(task.env)
        left = None if track is None or track.timeout_seconds is None else track.timeout_seconds - track.waited
        with self._lock:
            if not task.is_over:  # else it was sent before anybody waited
                task.deadline = began + timedelta(seconds=seconds if left is None else min(seconds, left))
                self._background.rest()
        while not task.is_over and not task.ended.wait(max(0.0, self._left(task))):
            self._run_out(self._clock.now())
        waited = (self._clock.now() - began).total_seconds()
        if track is not None:
            track.waited += waited
            if left is not None and waited >= left and task.outcome is None:
                runtime.current().executions.find(track.arn).exec_worker.env.set_timed_out()
        return task.outcome

    def send(self, token: str, outcome: Any) -> None:
        """Send the token back with an outcome.

        Raises TokenRefused: InvalidToken for one that was never handed out, TaskTimedOut for a task that is over ("has
        already been closed", API reference of SendTaskSuccess).
        """
        task = self._tasks.get(token)
        if task is None:
            raise TokenRefused("InvalidToken", "Invalid Token: 'Invalid token'")
        if not self._end(task, outcome):
            raise TokenRefused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")

    def close(self, token: str) -> None:
        """Let the token answer nothing any more: its attempt has ended."""
        self._end(self._tasks[token])

    def wake_stopped(self) -> None:
        """End every wait whose execution was stopped."""
        for task in self._waiting():
            if not task.env.is_running():
                self._end(task)

    def _run_out(self, now: datetime) -> None:
        for task in self._waiting():
            if task.deadline is not None and task.deadline <= now:
                self._end(task)

    def _waiting(self) -> list[_Task]:
        with self._lock:
            return [task for task in self._tasks.values() if task.deadline is not None and not task.is_over]

    def _left(self, task: _Task) -> float:
        return (task.deadline - self._clock.now()).total_seconds() if task.deadline else 0.0

    def _end(self, task: _Task, outcome: Any = None) -> bool:
        """End a task with the first outcome that comes. False: it is over already."""
        with self._lock:
            if task.is_over:
                return False
            task.is_over, task.outcome = True, outcome
            if task.deadline is not None:
                self._background.wake()  # before it goes on, so that no `settle` slips in between
        task.ended.set()
        return True


@functools.cache
def install() -> None:
    """Put the wait in, once per process; after `step_functions` has put in who calls."""
    _hand_out_for_each_attempt()
    _wait_by_the_virtual_clock()
    _wake_what_is_stopped()
    StepFunctionResponse.send_task_success = _send_task_success
    StepFunctionResponse.send_task_failure = _send_task_failure


def _hand_out_for_each_attempt() -> None:
    """A retry has a token of its own; moto hands out one for all attempts of a state."""
    evaluate = StateTaskServiceCallback._eval_execution

    def evaluate_attempt(self: Any, env: Any) -> None:
        if self.resource.condition is not ResourceCondition.WaitForTaskToken:
            evaluate(self, env)
            return
        tokens, token = runtime.current().tokens, env.states.context_object.update_task_token()
        env.callback_pool_manager.add(token)
        tokens.hand_out(token, env)
        try:
            evaluate(self, env)
        finally:
            tokens.close(token)

    StateTaskServiceCallback._eval_execution = evaluate_attempt


def _wait_by_the_virtual_clock() -> None:
    def wait(_self: Any, env: Any, timeout_seconds: float, callback_endpoint: Any, heartbeat_endpoint: Any) -> Any:
        if heartbeat_endpoint is not None:
            raise NotImplementedError("heartbeats of a task that waits for its token")
        token = callback_endpoint.callback_id
        outcome = runtime.current().tokens.wait(token, timeout_seconds) if env.is_running() else None
        return outcome or CallbackOutcomeTimedOut(callback_id=token)

    StateTaskServiceCallback._eval_wait_for_task_token = wait


def _wake_what_is_stopped() -> None:
    """moto lets a stopped execution wait on for its task; one that waits for a token would do so for hours."""

    def then_wake(original: Any) -> Any:
        @functools.wraps(original)
        def stop(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            if running := runtime.up():
                running.tokens.wake_stopped()

        return stop

    Environment.set_stop = then_wake(Environment.set_stop)
    Environment.set_timed_out = then_wake(Environment.set_timed_out)


def _send_task_success(self: Any) -> Any:
    token, output = self._get_param("taskToken"), self._get_param("output")
    try:
        json.loads(output)
    except ValueError as error:
        raise TokenRefused("InvalidOutput", f"Invalid Output: '{error}'") from error
    runtime.current().tokens.send(token, CallbackOutcomeSuccess(callback_id=token, output=output))
    return EmptyResult()


def _send_task_failure(self: Any) -> Any:
    token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
    runtime.current().tokens.send(token, CallbackOutcomeFailure(callback_id=token, error=error, cause=cause))
    return EmptyResult()
