"""Being built by BUDGET."""

from __future__ import annotations


class Outbreaks:
    """Being built by BUDGET."""

    def __init__(self, incidents, rules) -> None: ...

    def attach(self, incident, thing, opening) -> str | None:
        return None
