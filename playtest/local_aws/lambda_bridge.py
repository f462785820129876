"""Lambda in this process: moto's `LambdaFunction` runs our Python handlers, without Docker.

Every invocation in moto ends in `LambdaFunction.invoke`, which this module replaces. A failure is reported as the
Lambda service does, so that ErrorEquals in ASL matches the exception's class name exactly.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import importlib
import json
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

from playtest.local_aws import deliveries, handler_output, patience, runtime
from playtest.local_aws.calls import CALLER, Caller
from playtest.local_aws.faults import ProcessStopped
from playtest.local_aws.handler_output import OUTPUT
from playtest.local_aws.runtime import Runtime

ASYNC_ATTEMPTS = 3
"""Lambda tries an asynchronous invocation three times unless an event invoke config says otherwise."""
AT_ONCE = 4
"""Handlers that run at the same time. All share one interpreter: each more takes its time from the others, until under
a storm none ends within its Timeout."""
_ROOM = threading.BoundedSemaphore(AT_ONCE)


class LambdaContext:
    """What the runtime hands to a handler, with the names that AWS gives."""

    def __init__(self, function: Any, request_id: str, deadline: float) -> None:
        """Describe `function` (moto's) and the moment, in `time.monotonic` seconds, at which it is stopped."""
        self.function_name: str = function.function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn: str = function.function_arn
        self.memory_limit_in_mb = int(function.memory_size)
        self.aws_request_id = request_id
        self.log_group_name: str = function.logs_group_name
        self.log_stream_name = "playtest"
        self.identity = None
        self.client_context = None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the function is stopped, never below 0."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


@dataclass(slots=True)
class Invocation:
    """One run of a handler: `error` is what Lambda reports (errorType, errorMessage), None after success."""

    function: str
    request_id: str
    event: Any
    result: Any = None
    error: dict[str, Any] | None = None
    output: list[str] = field(default_factory=list)
    """What the handler wrote to stdout: its log lines and embedded metrics."""
    seconds: float = 0.0
    """How long the handler ran, of real time: what Lambda would bill, on a processor like this one."""

    @property
    def body(self) -> str:
        """Return the payload that Lambda answers with, as JSON text."""
        return json.dumps(self.result if self.error is None else self.error)


def resolve(handler: str) -> Callable[[Any, LambdaContext], Any]:
    """Return the function that a template's Handler names; ImportError or AttributeError when there is none."""
    module, _, name = handler.rpartition(".")
    found: Callable[[Any, LambdaContext], Any] = getattr(importlib.import_module(module.replace("/", ".")), name)
    return found


class DifferingEnvironment(Exception):
    """Two functions have different values for one variable, which one process cannot give them; names it."""


def function(name: str) -> Any:
    """Return moto's function `name` (name or ARN); moto's UnknownFunctionException when there is none."""
    return _backend().get_function(name)


def shared_environment(region: str) -> dict[str, str]:
    """Return the environment that the template gives to all functions together; raises DifferingEnvironment."""
    shared = {"AWS_REGION": region}
    for deployed in _backend().list_functions():
        for name, value in deployed.environment_vars.items():
            if shared.setdefault(name, str(value)) != str(value):
                raise DifferingEnvironment(f"{name}: {shared[name]!r} and, in {deployed.function_name}, {value!r}")
    return shared


def _backend() -> Any:
    return get_backend(runtime.ACCOUNT, runtime.current().region)


def timeout_of(function: Any) -> float:
    """Return the Timeout of moto's `function` in seconds; Lambda's own is 3."""
    return float(function.timeout or 3)


def run(function: Any, event: Any) -> Invocation:
    """Run moto's `function` on `event` in a thread of its own, for at most its Timeout, as long as that lasts here.

    It begins when there is room for it, and its time from then on. Where a fault has every answer lost once, it runs
    twice, and only the second run is answered.
    """
    running = runtime.current()
    handler_output.start()  # whoever replaced stdout since the local AWS started (pytest does) is stood before, too
    if running.faults.every_answer_is_lost_once:
        _run(running, function, event)
    return _run(running, function, event)


def _run(running: Runtime, function: Any, event: Any) -> Invocation:
    # A handler that invokes another waits for it within its own place.
    with _ROOM if CALLER.get() is None else contextlib.nullcontext():
        return _run_now(running, function, event)


def _run_now(running: Runtime, function: Any, event: Any) -> Invocation:
    invocation = Invocation(running.logical_id(function.function_name), str(uuid.uuid4()), event)
    running.invocations.append(invocation)
    seconds = timeout_of(function)
    caller = Caller(invocation.function, invocation.request_id)
    work = functools.partial(_handle, running, function, invocation, caller, time.monotonic() + seconds)
    thread = threading.Thread(
        target=contextvars.Context().run, args=(work,), name=f"lambda {invocation.function}", daemon=True
    )
    thread.start()
    thread.join(seconds * patience.STRETCH)
    if thread.is_alive():
        caller.dead = True
        return _timed_out(invocation, seconds)
    return invocation


def _handle(running: Runtime, function: Any, invocation: Invocation, caller: Caller, deadline: float) -> None:
    CALLER.set(caller)
    OUTPUT.set(invocation.output)
    began = time.monotonic()
    try:
        context = LambdaContext(function, invocation.request_id, deadline)
        event = json.loads(json.dumps(invocation.event))
        result = resolve(function.handler)(event, context)
        invocation.result = json.loads(json.dumps(result))
    except ProcessStopped:
        caller.dead = True
        invocation.error = _exit_error(invocation.request_id)
    except BaseException as error:  # noqa: BLE001 - the Lambda runtime reports whatever a handler raises
        if isinstance(error, NotImplementedError):
            running.not_implemented.append(f"{invocation.function}: {error}")
        invocation.error = _reported(error, invocation.request_id)
    finally:
        invocation.seconds = time.monotonic() - began


def _reported(error: BaseException, request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _exit_error(request_id: str) -> dict[str, Any]:
    message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
    return {"errorType": "Runtime.ExitError", "errorMessage": message}


def _timed_out(invocation: Invocation, seconds: float) -> Invocation:
    message = f"RequestId: {invocation.request_id} Error: Task timed out after {seconds:.2f} seconds"
    error = {"errorType": "Sandbox.Timedout", "errorMessage": message}
    # A record of its own: the abandoned thread may still write to the first one.
    return Invocation(invocation.function, invocation.request_id, invocation.event, error=error)


def run_async(function: Any, event: Any) -> None:
    """Queue an asynchronous invocation: retried at once (no waiting), then handed to its failure destination."""
    running = runtime.current()
    running.background.run(f"async {function.function_name}", functools.partial(_attempts, running, function, event))


def _attempts(running: Runtime, function: Any, event: Any) -> None:
    settings = function.event_invoke_config[-1].config if function.event_invoke_config else {}
    invocation = None
    for _ in range(int(settings.get("MaximumRetryAttempts", ASYNC_ATTEMPTS - 1)) + 1):
        invocation = run(function, event)
        if invocation.error is None:
            return
    on_failure = settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    if invocation is not None:
        _give_up(running, invocation, on_failure)


def _give_up(running: Runtime, invocation: Invocation, destination: str | None) -> None:
    if destination is None:
        running.undelivered.append(f"{invocation.function} gave up: {invocation.error}")
        return
    record = {
        "version": "1.0",
        "requestContext": {"requestId": invocation.request_id, "condition": "RetriesExhausted"},
        "requestPayload": invocation.event,
        "responsePayload": invocation.error,
    }
    deliveries.deliver(destination, json.dumps(record))


def _invoke(function: Any, body: Any, request_headers: Mapping[str, str], response_headers: dict[str, str]) -> bytes:
    event = json.loads(body) if body else {}
    if {name.lower(): value for name, value in request_headers.items()}.get("x-amz-invocation-type") == "Event":
        run_async(function, event)
        return b""
    invocation = run(function, event)
    if invocation.error is not None:
        response_headers["x-amz-function-error"] = "Unhandled"
    return invocation.body.encode()


@functools.cache
def install() -> None:
    """Let moto run handlers in this process, once per process."""
    LambdaFunction.invoke = _invoke
    deliveries.TARGETS["lambda"] = lambda arn, body, _name: run_async(function(arn), json.loads(body))
