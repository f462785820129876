"""A few valves, and incidents over them that are carried out, contained and undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cordon.actions.action import Action
from cordon.errors import PlanConflict
from cordon.incidents import rows
from cordon.incidents.bus import Bus
from cordon.incidents.ledger import Ledger
from cordon.model.change import Change
from cordon.model.incident import IncidentStatus
from cordon.response.carrying_out import carry_out
from cordon.response.escalation import Escalation
from cordon.response.undoing import Undone, put_back
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.tickets import Tickets

from ..conftest import Bed
from ..steps.doubles import Told

UNDOER = "arn:aws:states:eu-central-1:123456789012:execution:undo_incident:me"
FIRST = Change(action="turn", resource="valve/1", before="open", after="shut", hits=["pump-01"])
SECOND = Change(action="turn", resource="valve/2", before="open", after="shut", hits=["pump-01"])
THIRD = Change(action="turn", resource="valve/3", before="open", after="shut", hits=["pump-01"])


class Valves:
    """An action over a few valves, which keeps what was turned and may die after a call or raise one."""

    name = "turn"

    def __init__(self) -> None:
        self.there: dict[str, Any] = {"valve/1": "open", "valve/2": "open", "valve/3": "open"}
        self.turned: list[tuple[str, Any]] = []
        self.meanwhile: Callable[[str], None] = lambda _: None
        self.refuses: str | None = None

    def read(self, resource: str) -> Any:
        """Say how it stands."""
        return self.there[resource]

    def apply(self, change: Change) -> None:
        """Turn it."""
        if change.resource == self.refuses:
            raise PlanConflict(f"{change.resource} is used by somebody else")
        self.meanwhile(change.resource)
        self.there[change.resource] = change.after
        self.turned.append((change.resource, change.after))

    def by_hand(self, change: Change) -> list[str]:
        """Return words."""
        return ["turn", change.resource]


class Plant:
    """Incidents over the valves: carried out, contained, and undone."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.valves, self.told = bed, Valves(), Told()
        self.actions: dict[str, Action] = {"turn": self.valves}

    def contained(self, *changes: Change, thing: str = "pump-01") -> str:
        """Carry a plan out for a thing, and return the id of its incident, which is contained then."""
        ledger = self.bed.planned(*changes, id=f"alarm-of-{thing}", thing_name=thing)
        carry_out(ledger, self.actions, lambda _: True)
        incident_id = self.bed.open_id(thing) or ""
        self.bed.set_head(incident_id, status="contained")
        return incident_id

    def undo(self, incident_id: str) -> Undone:
        """Undo an incident, as it stands in the record now."""
        told: Any = self.told
        bed = self.bed
        tickets = Tickets(bed.table, OpsCenter(bed.client("ssm")))
        escalation = Escalation(bed.incidents, Bus(told, "cordon"), tickets, self.actions)
        incident = bed.incidents.get(incident_id)
        return put_back(incident, Ledger(bed.incidents, incident_id, UNDOER), self.actions, escalation)

    def statuses(self, incident_id: str) -> list[str]:
        """Return how far each change of an incident has come."""
        return [entry.status for entry in Ledger(self.bed.incidents, incident_id, UNDOER).entries()]

    def status(self, incident_id: str) -> IncidentStatus:
        """Return where an incident stands."""
        return self.bed.incidents.get(incident_id).status

    def holds(self) -> list[str]:
        """Return every resource that is held."""
        found = [self.bed.rows(rows.of_hold(f"valve/{number}")) for number in (1, 2, 3)]
        return [row["sk"] for partition in found for row in partition]
