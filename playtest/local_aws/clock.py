"""The clock of the local AWS: real time, plus every second that a state machine waited without sleeping."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Listener = Callable[[datetime, datetime], None]


class VirtualClock:
    """Tells the time of the playtest; Wait states and Retry intervals move it ahead, nothing sleeps."""

    def __init__(self) -> None:
        """Start with the virtual time equal to the real one."""
        self._ahead = timedelta()
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []

    def now(self) -> datetime:
        """Return the virtual time, aware, in UTC."""
        return datetime.now(UTC) + self._ahead

    @property
    def waited(self) -> float:
        """Return how many seconds were waited so far without sleeping."""
        return self._ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by `seconds` and tell the listeners; ValueError for a step back."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds} s")
        with self._lock:
            before = self.now()
            self._ahead += timedelta(seconds=seconds)
            after = self.now()
        for listener in list(self._listeners):
            listener(before, after)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener(before, after)` after each step ahead, in the thread that waited."""
        self._listeners.append(listener)


def iso(moment: datetime) -> str:
    """Return `moment` as AWS writes times in events and in the context object: milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
