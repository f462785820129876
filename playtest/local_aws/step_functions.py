"""Step Functions: what moto's interpreter gets wrong, mended (LOCAL-AWS.md lists it), and hooked to the local AWS.

moto ships LocalStack's interpreter. `interpreter` holds the mends of the language, this module those of executions:
their names, clock, ends, and who makes their calls.
"""

from __future__ import annotations

import functools
import logging
import threading
import types
import uuid
from datetime import datetime, tzinfo
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import (
    StateTaskLambda,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import (
    timestamp,
    wait_function,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.backend import execution as moto_execution
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from playtest.local_aws import executions, interpreter, patience, runtime, task_tokens
from playtest.local_aws.calls import CALLER, Caller
from playtest.local_aws.clock import iso
from playtest.local_aws.executions import Track


@functools.cache
def install() -> None:
    """Mend moto's Step Functions, once per process."""
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # a long ERROR line per failure that is meant
    interpreter.install()
    _name_executions()
    _follow_executions()
    _count_as_background()
    _tell_the_time()
    _let_waits_pass()
    _keep_early_ends()
    _say_who_calls()
    _pass_on_causes()
    patience.install()
    task_tokens.install()


def _name_executions() -> None:
    """An execution without a name is called `None` by moto, so the second one is refused."""
    original = StepFunctionsParserBackend.start_execution

    def start_execution(self: Any, arn: str, name: Any = None, execution_input: Any = None, *rest: Any) -> Any:
        return original(self, arn, name or str(uuid.uuid4()), execution_input, *rest)

    StepFunctionsParserBackend.start_execution = start_execution


def _follow_executions() -> None:
    entrypoint, environment = ExecutionWorker._get_evaluation_entrypoint, ExecutionWorker._get_evaluation_environment
    add_event = EventManager.add_event

    def get_entrypoint(self: Any) -> Any:
        program = entrypoint(self)
        self.timeout_seconds = program.timeout_seconds.timeout_seconds if program.timeout_seconds else None
        return program

    def get_environment(self: Any) -> Any:
        env, details = environment(self), self._evaluation_details
        running = runtime.up()
        if running is not None:
            machine = running.logical_id(details.state_machine_details.arn)
            env.event_manager.track = Track(details.execution_details.arn, machine, self.timeout_seconds)
        return env

    def add_and_follow(self: Any, context: Any, event_type: Any, event_details: Any = None, **rest: Any) -> Any:
        number = add_event(self, context, event_type, event_details, **rest)
        executions.follow(self, event_type, event_details or {})
        return number

    ExecutionWorker._get_evaluation_entrypoint = get_entrypoint
    ExecutionWorker._get_evaluation_environment = get_environment
    EventManager.add_event = add_and_follow


def _count_as_background() -> None:
    """`settle` waits for executions; their beginning and end are told on the default bus."""
    start, communication = moto_execution.Execution.start, moto_execution.BaseExecutionWorkerCommunication
    terminated = communication.terminated

    def start_now(self: Any) -> None:
        self.start_date = runtime.now()
        start(self)

    def start_worker(self: Any) -> None:
        execution = self._execution_communication.execution
        execution.exec_status = moto_execution.ExecutionStatus.RUNNING
        running = runtime.current()
        running.executions.begin(execution)
        running.background.run(f"execution {execution.exec_arn}", self._execution_logic)

    def end_now(self: Any) -> None:
        terminated(self)
        self.execution.stop_date = runtime.now()
        ending = self.execution.exec_worker.env.program_state()
        if isinstance(ending, moto_execution.ProgramStopped):
            self.execution.error, self.execution.cause = ending.error, ending.cause
        runtime.current().executions.end(self.execution)

    moto_execution.Execution.start = start_now
    ExecutionWorker.start = start_worker
    communication.terminated = end_now


def _tell_the_time() -> None:
    """The context object and the history tell virtual time; `$$.Execution.StartTime` is text, as on AWS."""
    start_details, state_data = Execution.get_start_execution_details, state.StateData

    def with_text(self: Any) -> Any:
        details = start_details(self)
        details.start_time = iso(self.start_date)
        return details

    def entered_now(**members: Any) -> Any:
        return state_data(**{**members, "EnteredTime": iso(runtime.now())})

    Execution.get_start_execution_details = with_text
    state.StateData = entered_now
    EventManager._get_current_timestamp = staticmethod(runtime.now)


def _let_waits_pass() -> None:
    """Wait states and the intervals of Retry move the virtual clock; nothing sleeps."""

    def wait_interval(_self: Any, env: Any, wait_seconds: float) -> None:
        executions.wait(env, float(wait_seconds))

    evaluate = retrier_decl.RetrierDecl._eval_body

    def evaluate_retrier(self: Any, env: Any) -> None:
        _retrying.env = env
        evaluate(self, env)

    wait_function.WaitFunction._wait_interval = wait_interval
    retrier_decl.RetrierDecl._eval_body = evaluate_retrier
    retrier_decl.time = types.SimpleNamespace(sleep=lambda seconds: executions.wait(_retrying.env, seconds))
    timestamp.datetime = types.SimpleNamespace(datetime=_NaiveVirtualTime)


_retrying = threading.local()
"""The environment whose Retry is evaluated on this thread: the interpreter's sleep is not told."""


class _NaiveVirtualTime(datetime):
    """Wait's Timestamp subtracts a naive local `now` from a naive UTC time: give it virtual UTC, whatever TZ says."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return runtime.now().astimezone(tz) if tz else runtime.now().replace(tzinfo=None)


def _keep_early_ends() -> None:
    """An execution that was aborted or timed out stays so, whatever its running task answers afterwards."""
    set_error, set_timed_out = Environment.set_error, Environment.set_timed_out
    evaluate = CommonStateField._eval_body

    def set_error_if_running(self: Any, error: Any) -> None:
        if self.is_running():
            set_error(self, error)

    def set_timed_out_if_running(self: Any) -> None:
        if self.is_running():
            set_timed_out(self)

    def evaluate_state(self: Any, env: Any) -> None:
        executions.end_early(env, self.name)
        evaluate(self, env)

    Environment.set_error = set_error_if_running
    Environment.set_timed_out = set_timed_out_if_running
    CommonStateField._eval_body = evaluate_state


def _say_who_calls() -> None:
    """Calls of a task are made by its state machine: one Caller for each attempt, on the attempt's own thread."""
    for task in (StateTaskService, StateTaskLambda):
        task._eval_execution = _as_state_machine(task._eval_execution)


def _as_state_machine(evaluate: Any) -> Any:
    @functools.wraps(evaluate)
    def evaluate_execution(self: Any, env: Any) -> None:
        machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
        running = runtime.up()
        token = CALLER.set(Caller(running.logical_id(machine)) if running else None)
        try:
            evaluate(self, env)
        finally:
            CALLER.reset(token)

    return evaluate_execution


def _pass_on_causes() -> None:
    """StopExecution drops what the caller says about the reason."""

    def stop_execution(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        stop_date = runtime.now()
        execution.stop(stop_date=stop_date, error=self._get_param("error"), cause=self._get_param("cause"))
        return ActionResult({"stopDate": stop_date})

    StepFunctionResponse.stop_execution = stop_execution
