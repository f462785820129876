"""Every AWS API call that a function or a state machine makes: recorded, allowed or refused, made to fail on demand.

One method of botocore sees them all, `BaseClient._make_api_call`. Who calls is a context variable: the Lambda bridge
and the state machine interpreter set it, and it is unset while AWS does what it was asked, so that what AWS does by
itself (a rule starting an execution, a topic filling a queue) is nobody's call.
"""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from playtest.local_aws import runtime
from playtest.local_aws.conditions import UnknownCondition
from playtest.local_aws.faults import InjectedError, ProcessStopped
from playtest.local_aws.play_event import PlayEventKind
from playtest.local_aws.runtime import Runtime


@dataclass(slots=True)
class Caller:
    """Who makes calls on this thread: one invocation of a function, or one attempt of a state machine's task."""

    principal: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    made: int = 0
    written: int = 0
    """How many of the calls that it made may have changed something."""
    dead: bool = False
    """Set when its process was stopped or timed out: whatever still runs of it (finally blocks) reaches nothing."""


_READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")
"""What the names of operations begin with that only look."""
_UNKNOWN_SERVICE = "Not yet implemented"
"""What moto answers, with a 404, for a service that it has never heard of."""

CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """One API call. `service` and `operation` are botocore's names; `number` counts within the invocation, from 1."""

    principal: str
    service: str
    operation: str
    params: Mapping[str, Any]
    at: datetime
    number: int
    request_id: str
    error: str | None = None


class CallLog:
    """The calls in the order in which they ended."""

    def __init__(self) -> None:
        """Start empty."""
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Call]:
        """Iterate over what was recorded so far."""
        return iter(list(self._calls))

    def __len__(self) -> int:
        """Return how many calls were recorded."""
        return len(self._calls)

    def append(self, call: Call) -> None:
        """Record one call."""
        with self._lock:
            self._calls.append(call)

    def of(self, principal: str | None = None, service: str | None = None, operation: str | None = None) -> list[Call]:
        """Return the calls that match all that is given."""
        wanted = {"principal": principal, "service": service, "operation": operation}
        given = {name: value for name, value in wanted.items() if value is not None}
        return [call for call in self if all(getattr(call, name) == value for name, value in given.items())]


@functools.cache
def install() -> None:
    """Put the gate into botocore, once per process; without a local AWS or a caller it lets everything through."""
    gated: Any = BaseClient  # its stubs leave the one method out that all calls go through
    original = gated._make_api_call

    def _make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
        running, caller = runtime.up(), CALLER.get()
        if caller is not None and (caller.dead or running is None):
            raise ProcessStopped(f"{caller.principal} is dead and calls nobody")
        if running is None:
            return original(client, operation_name, api_params)
        make = functools.partial(_make, running, original, client, operation_name, api_params)
        return make() if caller is None else _gate(running, caller, client, operation_name, api_params, make)

    gated._make_api_call = _make_api_call


def _make(running: Runtime, original: Any, client: Any, operation: str, params: Any) -> Any:
    try:
        return original(client, operation, params)
    except (NotImplementedError, ClientError) as error:
        if isinstance(error, NotImplementedError) or error.response["Error"].get("Message") == _UNKNOWN_SERVICE:
            running.not_implemented.append(f"{client.meta.service_model.service_name}:{operation}: {error}")
        raise


def _gate(running: Runtime, caller: Caller, client: Any, operation: str, params: Any, make: Any) -> Any:
    caller.made += 1
    service = client.meta.service_model.service_name
    call = functools.partial(
        Call, caller.principal, service, operation, dict(params), running.clock.now(), caller.made, caller.request_id
    )
    try:
        running.faults.before_call(caller.principal, caller.made, service, operation)
        if running.permissions is not None:
            running.permissions.require(caller.principal, service, operation, params)
        result = as_nobody(make)
    except InjectedError as error:
        _record(running, call(error=error.code))
        raise _client_error(client, operation, error.code, error.message) from None
    except ClientError as error:
        _record(running, call(error=error.response["Error"]["Code"]))
        _die_after(running, caller, operation)
        raise
    except ProcessStopped:
        caller.dead = True
        raise
    except UnknownCondition as error:
        running.not_implemented.append(f"the condition {error} in a policy of {caller.principal}")
        raise
    _record(running, call())
    _die_after(running, caller, operation)
    return result


def as_nobody(make: Callable[[], Any]) -> Any:
    """Return what `make` returns; the calls that it makes are AWS's own, and nobody's."""
    token = CALLER.set(None)
    try:
        return make()
    finally:
        CALLER.reset(token)


def _die_after(running: Runtime, caller: Caller, operation: str) -> None:
    is_write = not operation.startswith(_READS)
    caller.written += is_write
    try:
        running.faults.after_call(caller.principal, caller.made, caller.written if is_write else None)
    except ProcessStopped:
        caller.dead = True
        raise


def _record(running: Runtime, call: Call) -> None:
    running.calls.append(call)
    detail = {"error": call.error} if call.error else {}
    running.emit(PlayEventKind.CALL_MADE, call.principal, f"{call.service}:{call.operation}", **detail)


def _client_error(client: Any, operation: str, code: str, message: str) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": str(uuid.uuid4()), "RetryAttempts": 0},
    }
    error: ClientError = client.exceptions.from_code(code)(response, operation)
    return error
