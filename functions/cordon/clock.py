"""The one clock. The playtest replaces it with one that a Wait state moves on, and on which waiting takes no time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time
_sleep: Callable[[float], None] = time.sleep


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _source()


def sleep(seconds: float) -> None:
    """Return when so much time has passed; at once where `seconds` is not above zero."""
    if seconds > 0:
        _sleep(seconds)


def use(source: Callable[[], datetime] | None, sleeper: Callable[[float], None] | None = None) -> None:
    """Read the time from `source` and wait by `sleeper` from now on; None goes back to the system's clock."""
    # One process has one clock, and only the playtest changes it.
    global _source, _sleep
    _source, _sleep = source or _system_time, sleeper or time.sleep
