"""Two calls of moto that must not run twice at once: a conditional write, and starting an execution by name.

moto has no lock per request, so under threads two conditional writes can both win, and one execution name can be
started twice. Both are what Cordon's claims and locks stand on. The calls are short, so one lock each is enough.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.models import StepFunctionsParserBackend


@functools.cache
def install() -> None:
    """Put the two locks round their calls, once per process."""
    _one_at_a_time(DynamoHandler, "call_action")
    _one_at_a_time(StepFunctionsParserBackend, "start_execution")


def _one_at_a_time(owner: Any, name: str) -> None:
    original, lock = getattr(owner, name), threading.RLock()

    @functools.wraps(original)
    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return original(*args, **kwargs)

    setattr(owner, name, locked)
