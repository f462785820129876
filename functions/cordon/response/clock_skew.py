"""Whether the clock of the function that runs is right: windows, freezes, exemptions and budgets are judged by it."""

from __future__ import annotations

from datetime import datetime, timedelta

_BEHIND, _AHEAD = timedelta(minutes=1), timedelta(minutes=15)
"""How far our clock may differ from Step Functions'. Further ahead, because the state may have been retried a while."""


def skew(entered_at: datetime, now: datetime) -> list[str]:
    """Say that our clock is wrong, if it is. `entered_at` is when the state was entered, by Step Functions' clock."""
    ahead = now - entered_at
    if -_BEHIND <= ahead <= _AHEAD:
        return []
    return [f"the clock of this function is {ahead.total_seconds():+.0f} seconds from that of Step Functions"]
