"""The one clock. The playtest replaces it with one that a Wait state moves on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _source()


def use(source: Callable[[], datetime] | None) -> None:
    """Read the time from `source` from now on; None goes back to the system's clock."""
    global _source  # noqa: PLW0603 - one process has one clock, and only the playtest changes it
    _source = source or _system_time
