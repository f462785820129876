"""What a live view is told while the local AWS runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class PlayEventKind(StrEnum):
    """What happened."""

    EXECUTION_STARTED = "execution started"
    STATE_ENTERED = "state entered"
    STATE_EXITED = "state exited"
    STATE_FAILED = "state failed"
    EXECUTION_ENDED = "execution ended"
    CALL_MADE = "call made"


@dataclass(frozen=True, slots=True)
class PlayEvent:
    """One thing that happened, at a virtual time.

    `principal` is the logical id of the state machine or function; `subject` is the state's name, for a call
    `service:Operation`, for an execution its end status (empty at its start); `detail` holds error and cause,
    or the call's error code.
    """

    kind: PlayEventKind
    at: datetime
    principal: str
    subject: str = ""
    execution: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


OnEvent = Callable[[PlayEvent], None]
