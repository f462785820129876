"""Follow an incident until there is something to say."""

from __future__ import annotations

import time
from collections.abc import Callable

from oncall.desk_answers import IncidentSeen, read
from oncall.desk_client import DeskClient
from oncall.errors import DeskUnreached
from oncall.incident_path import path_of

_EVERY = 2.0
"""Seconds between two looks: a containment takes minutes, and a person watches."""
_SILENT_LOOKS = 15
"""Looks one after the other that may fail before it is told: half a minute of trouble is no news."""

pause: Callable[[float], None] = time.sleep
"""How to let so many seconds pass."""


def follow(
    client: DeskClient, incident_id: str, *, seconds: float, until: Callable[[IncidentSeen], bool]
) -> IncidentSeen:
    """Return the incident once `until` holds for it, or as it is after `seconds` or so.

    Raises:
        DeskUnreached: the desk did not answer many times running.
        CommandError: it refused, or answered what this version does not know.
    """
    looks, silent = max(1, round(seconds / _EVERY)), 0
    while True:
        try:
            seen = read(IncidentSeen, client.ask("GET", path_of(incident_id)))
        except DeskUnreached:
            silent += 1
            if silent >= _SILENT_LOOKS:
                raise
        else:
            silent, looks = 0, looks - 1
            if until(seen) or looks <= 0:
                return seen
        pause(_EVERY)
