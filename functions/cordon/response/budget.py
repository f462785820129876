"""How many things Cordon may touch by itself in a while: a ceiling that no number of alarms can lift."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cordon import clock
from cordon.incidents.record import stamp
from cordon.incidents.table import ConditionFailed, Row, Table, key, put, update
from cordon.model.base import SCHEMA_VERSION

_FLEET = "BUDGET#fleet"
_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Budget:
    """A fixed number of things per window of time. A reservation belongs to an incident: a retry never counts twice."""

    table: Table
    things: int
    window: timedelta

    def reserve(self, incident_id: str, count: int) -> bool:
        """Reserve `count` things for the incident, or find that it has a reservation. False: the budget is used up.

        Raises:
            RecordBusy: the table did not answer; nothing is reserved, and nothing may be done.
        """
        if self.table.get(_FLEET, f"RESERVATION#{incident_id}"):
            return True
        start = stamp(self._window_start(clock.now()))
        expires = int((clock.now() + _KEPT).timestamp())
        common: Row = {"schema_version": SCHEMA_VERSION, "expires_at": expires}
        window = key(_FLEET, f"WINDOW#{start}")
        self._make_window(window, common)
        reservation = {**key(_FLEET, f"RESERVATION#{incident_id}"), **common, "things": count, "window": start}
        try:
            self.table.write(
                put(reservation),
                update(window, add={"reserved": count}, condition="reserved <= :room", room=self.things - count),
            )
        except ConditionFailed as refused:
            # The first condition failed: the same incident reserved a moment ago.
            return 0 in refused.failed
        return True

    def _make_window(self, window: dict[str, str], common: Row) -> None:
        if self.table.get(window["pk"], window["sk"]):
            return
        try:
            self.table.write(put({**window, **common, "reserved": 0}))
        except ConditionFailed:
            return  # another incident made it first

    def _window_start(self, moment: datetime) -> datetime:
        """Return the start of the window that `moment` lies in, counted from the epoch."""
        width = self.window.total_seconds()
        return datetime.fromtimestamp(moment.timestamp() // width * width, tz=moment.tzinfo)


class Budgets:
    """Being built by BUDGET."""

    def __init__(self, table, iot, rules) -> None:
        self.budgets = [Budget(table, rule.things or 0, timedelta(minutes=rule.window_minutes)) for rule in rules]

    def reserve(self, incident_id: str, thing, count: int) -> list[str]:
        return [] if all(b.reserve(incident_id, count) for b in self.budgets[:1]) and self.budgets else ["the budget for automatic answers is used up"]
