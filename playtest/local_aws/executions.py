"""Executions as AWS tells of them: records, status change events, and ends that are not their own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playtest.local_aws import event_bridge, runtime
from playtest.local_aws.play_event import PlayEventKind

STATUS_CHANGE = "Step Functions Execution Status Change"
_ENTERED = "StateEntered"
_EXITED = "StateExited"
_FAILURES = ("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "LambdaFunctionTimedOut")


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """One execution. `seconds` is virtual time, from start to end or to now; `states` are the names in order."""

    state_machine: str
    name: str
    arn: str
    status: str
    input: Any
    states: tuple[str, ...]
    error: str | None
    cause: str | None
    seconds: float
    output: Any = None


@dataclass(slots=True)
class Track:
    """What is followed of one execution while it runs: hung on its event manager, which all its frames share."""

    arn: str
    machine: str
    timeout_seconds: float | None
    waited: float = 0.0
    state: str = ""
    states: list[str] = field(default_factory=list)


class Executions:
    """All executions of one local AWS, in the order in which they started."""

    def __init__(self) -> None:
        """Start with none."""
        self._started: list[Any] = []
        self._lock = threading.Lock()

    def begin(self, execution: Any) -> None:
        """Note that moto's `execution` starts now, and tell the bus and the live view."""
        with self._lock:
            self._started.append(execution)
        running = runtime.current()
        machine = running.logical_id(execution.state_machine_arn)
        running.emit(PlayEventKind.EXECUTION_STARTED, machine, execution=execution.exec_arn)
        event_bridge.put(_status_change(execution))

    def end(self, execution: Any) -> None:
        """Note that moto's `execution` has its last status, and tell the bus and the live view."""
        running = runtime.current()
        machine = running.logical_id(execution.state_machine_arn)
        running.emit(
            PlayEventKind.EXECUTION_ENDED,
            machine,
            execution.status,
            execution.exec_arn,
            error=execution.error,
            cause=execution.cause,
        )
        event_bridge.put(_status_change(execution))

    def find(self, arn: str) -> Any:
        """Return moto's execution `arn`; KeyError when there is none."""
        for execution in list(self._started):
            if execution.exec_arn == arn:
                return execution
        raise KeyError(arn)

    def abandon(self) -> None:
        """Stop every execution that still runs: its local AWS ends."""
        for execution in list(self._started):
            if execution.stop_date is None and execution.exec_worker.env is not None:
                execution.exec_worker.env.set_stop(stop_date=runtime.now(), error=None, cause="the local AWS ended")

    def records(self) -> list[ExecutionRecord]:
        """Return a record of every execution, as things are now."""
        return [_record(execution) for execution in list(self._started)]


def _record(execution: Any) -> ExecutionRecord:
    running = runtime.current()
    track = track_of(execution.exec_worker.env) if execution.exec_worker and execution.exec_worker.env else None
    end: datetime = execution.stop_date or running.clock.now()
    return ExecutionRecord(
        state_machine=running.logical_id(execution.state_machine_arn),
        name=execution.name,
        arn=execution.exec_arn,
        status=execution.status,
        input=execution.input_data,
        states=tuple(track.states) if track else (),
        error=execution.error,
        cause=execution.cause,
        seconds=(end - execution.start_date).total_seconds(),
        output=execution.output,
    )


def _status_change(execution: Any) -> dict[str, Any]:
    """The event as AWS writes it (error and cause: M).

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    ended = execution.stop_date
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(ended) if ended else None,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": 0,
    }
    return {
        "source": "aws.states",
        "detail-type": STATUS_CHANGE,
        "resources": [execution.exec_arn],
        "detail": detail,
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def track_of(env: Any) -> Track | None:
    """Return what is followed of the execution that the interpreter's environment `env` belongs to."""
    track: Track | None = getattr(env.event_manager, "track", None)
    return track


def follow(manager: Any, event_type: Any, details: Any) -> None:
    """Keep the track of an execution up to date with one event of its history, and tell the live view."""
    track: Track | None = getattr(manager, "track", None)
    running = runtime.up()
    if track is None or running is None:
        return
    name = str(getattr(event_type, "value", event_type))
    if name.endswith(_ENTERED):
        track.state = details["stateEnteredEventDetails"]["name"]
        track.states.append(track.state)
        running.emit(PlayEventKind.STATE_ENTERED, track.machine, track.state, track.arn)
    elif name.endswith(_EXITED):
        exited = details["stateExitedEventDetails"]["name"]
        running.emit(PlayEventKind.STATE_EXITED, track.machine, exited, track.arn)
    elif name in _FAILURES:
        failure = dict(next(iter(details.values()), {}))
        told = {"error": failure.get("error"), "cause": failure.get("cause")}
        running.emit(PlayEventKind.STATE_FAILED, track.machine, track.state, track.arn, **told)


def end_early(env: Any, state: str) -> None:
    """Let a fault abort or time out the execution of `env`, which enters `state` now."""
    running = runtime.up()
    end = running.faults.early_end(state) if running else None
    if end == "ABORTED":
        env.set_stop(stop_date=runtime.now(), error="PlaytestAborted", cause=f"aborted in {state} by the playtest")
    elif end == "TIMED_OUT":
        env.set_timed_out()


def wait(env: Any, seconds: float) -> None:
    """Let `seconds` of virtual time pass for the execution of `env`.

    Its own waits count against its TimeoutSeconds, as on AWS; those of other executions, which move the same clock,
    do not.
    """
    running, track = runtime.up(), track_of(env)
    if running is None or seconds <= 0:
        return
    running.background.sleep(running.clock, seconds)
    if track is None:
        return
    track.waited += seconds
    if track.timeout_seconds is not None and track.waited >= track.timeout_seconds:
        env.set_timed_out()
