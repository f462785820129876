"""Faults, switched on by a test: processes that die, services that fail, executions that end early."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

Early = Literal["ABORTED", "TIMED_OUT"]
_Moment = Literal["before call", "after call", "after write"]


class ProcessStopped(BaseException):
    """The process of a function died here. Not an Exception: no handler may catch it and carry on."""


class InjectedError(Exception):
    """A service call fails with `code` and `message` instead of being made."""

    def __init__(self, code: str, message: str) -> None:
        """Keep what botocore's ClientError is made of."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(slots=True)
class _Stop:
    function: str
    moment: _Moment
    number: int


@dataclass(slots=True)
class _Failure:
    service: str
    operation: str
    code: str
    message: str
    function: str | None
    left: int


@dataclass(slots=True)
class Faults:
    """All faults of one local AWS. Each is used up when it has struck; `struck` says which did, in order."""

    struck: list[str] = field(default_factory=list)
    every_answer_is_lost_once: bool = False
    """Every handler runs to its end, nobody hears of it, and it runs again: as AWS may do with any of them."""
    _stops: list[_Stop] = field(default_factory=list)
    _failures: list[_Failure] = field(default_factory=list)
    _ends: dict[str, Early] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop_after(self, function: str, call_number: int) -> None:
        """Kill, once, an invocation of `function` (logical id) after its n-th API call, counted from 1, took effect."""
        self._stops.append(_Stop(function, "after call", call_number))

    def stop_before(self, function: str, call_number: int) -> None:
        """Kill, once, an invocation of `function` (logical id) before its n-th API call, counted from 1, is made."""
        self._stops.append(_Stop(function, "before call", call_number))

    def stop_after_write(self, function: str, write_number: int) -> None:
        """Kill, once, an invocation of `function` (logical id) after its n-th API call that may change something.

        0 kills it before it makes any call. Between two writes it only reads, so that these are all the states in
        which a process can leave the world behind when it dies.
        """
        self._stops.append(_Stop(function, "after write", write_number))

    def fail(
        self,
        service: str,
        operation: str,
        code: str,
        times: int = 1,
        function: str | None = None,
        message: str = "made to fail by the playtest",
    ) -> None:
        """Let the next `times` calls of botocore's `service` and `operation` fail with the error `code`.

        `function` narrows it to one caller (logical id of a function or a state machine). It strikes above the
        SDK's own retries: one failure here is what is left after the SDK has given up.
        """
        self._failures.append(_Failure(service, operation, code, message, function, times))

    def abort_in(self, state: str) -> None:
        """Abort, once, the execution that enters `state`, before the state does anything."""
        self._ends[state] = "ABORTED"

    def time_out_in(self, state: str) -> None:
        """Let, once, the execution that enters `state` run out of its time, before the state does anything."""
        self._ends[state] = "TIMED_OUT"

    def clear(self) -> None:
        """Switch every fault off that has not struck yet."""
        with self._lock:
            self._stops.clear()
            self._failures.clear()
            self._ends.clear()

    def before_call(self, principal: str, number: int, service: str, operation: str) -> None:
        """Strike before a call: raises ProcessStopped or InjectedError, or returns and the call is made."""
        self._stop(principal, "before call", number)
        if number == 1:
            self._stop(principal, "after write", 0)
        if failure := self._take_failure(principal, service, operation):
            raise InjectedError(failure.code, failure.message)

    def after_call(self, principal: str, number: int, write_number: int | None) -> None:
        """Strike after a call, which was the n-th that may change something: raises ProcessStopped, or returns."""
        self._stop(principal, "after call", number)
        if write_number is not None:
            self._stop(principal, "after write", write_number)

    def early_end(self, state: str) -> Early | None:
        """Say how the execution that enters `state` ends here and now; None lets it run on."""
        with self._lock:
            end = self._ends.pop(state, None)
            if end is not None:
                self.struck.append(f"{end} in {state}")
        return end

    def _stop(self, principal: str, moment: _Moment, number: int) -> None:
        with self._lock:
            wanted = _Stop(principal, moment, number)
            if wanted not in self._stops:
                return
            self._stops.remove(wanted)
            self.struck.append(f"{principal} stopped {moment} {number}")
        raise ProcessStopped(f"{principal} stopped {moment} {number}")

    def _take_failure(self, principal: str, service: str, operation: str) -> _Failure | None:
        with self._lock:
            for failure in self._failures:
                if (failure.service, failure.operation) != (service, operation) or failure.left < 1:
                    continue
                if failure.function in (None, principal):
                    failure.left -= 1
                    self.struck.append(f"{service}:{operation} failed with {failure.code}")
                    return failure
        return None
