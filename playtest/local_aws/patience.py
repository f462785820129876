"""How long a time-out of AWS lasts in real time: here all handlers and all executions share one interpreter.

In a storm hundreds of them wait for each other, which on AWS none does: counted in real seconds, a step would be timed
out before its turn. What truly hangs still ends.
"""

from __future__ import annotations

import functools
import threading
from types import SimpleNamespace

from moto.stepfunctions.parser.asl.component.state.exec import execute_state

from playtest.local_aws.moto_methods import MotoChanged

STRETCH = 20
"""Real seconds that a second of a time-out lasts."""


class PatientEvent(threading.Event):
    """An event that is waited for as long as a time-out of AWS lasts here."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `timeout` seconds of AWS, or for ever; return whether the event is set."""
        return super().wait(None if timeout is None else min(timeout * STRETCH, threading.TIMEOUT_MAX))


@functools.cache
def install() -> None:
    """Let a state wait patiently for its task, once per process."""
    if getattr(execute_state, "threading", None) is not threading:
        raise MotoChanged("a state does not wait for its task by threading.Event any more")
    execute_state.threading = SimpleNamespace(Event=PatientEvent)
