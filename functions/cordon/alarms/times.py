"""When a detector saw something, as far as its word can be taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cordon.errors import AlarmRejected

CLOCKS_DIFFER: Final = timedelta(days=1)
"""How far ahead of us the detector's clock may be before its time is worth nothing."""


def require_plausible(moment: datetime, *, field: str, since: datetime, received_at: datetime) -> datetime:
    """Return `moment` (aware) if it lies between `since` and a day after the message reached us.

    Raises:
        AlarmRejected: it does not; names `field`.
    """
    latest = received_at + CLOCKS_DIFFER
    if since <= moment <= latest:
        return moment
    raise AlarmRejected(
        field=field,
        found=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        expected=f"a time from {since:%Y-%m-%d} to {latest:%Y-%m-%dT%H:%M:%SZ}",
    )
