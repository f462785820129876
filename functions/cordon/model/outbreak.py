"""What belongs to an outbreak."""

from __future__ import annotations

from cordon.model.alarm import Severity
from cordon.model.base import Word


class Member(Word):
    """An incident that has something in common with others, or is part of their outbreak; `thing` None: none known."""

    incident_id: str
    thing: str | None = None
    severity: Severity
