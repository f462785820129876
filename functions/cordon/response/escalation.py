"""Put an incident before a person: status, ticket, event on the bus, lock freed. However often it is done, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cordon import clock
from cordon.actions.action import Action
from cordon.errors import TicketSystemDown
from cordon.incidents.bus import Bus
from cordon.incidents.locks import free_lock
from cordon.incidents.record import Incidents, stamp
from cordon.model.incident import Decision, Incident, IncidentStatus
from cordon.observability import count, logger
from cordon.response.likeness import PLAYBOOK
from cordon.response.outbreaks import count_attached
from cordon.response.outcome import ticket_for
from cordon.tickets.tickets import Tickets


@dataclass(frozen=True)
class Escalation:
    """Everything that escalating writes to."""

    incidents: Incidents
    bus: Bus
    tickets: Tickets
    actions: Mapping[str, Action]

    def escalate(self, incident_id: str, execution: str, reason: str | None, *, paged: bool) -> Incident:
        """Escalate the incident because this execution could not finish it; `reason` is added to those on record.

        An incident that another execution is answering by now is left to it: only this execution's own lock is freed.
        """
        incident = self.incidents.get(incident_id)
        # Wanted first: whoever finds the status moved takes it that the sweep knows of the ticket.
        wanted = self.tickets.want(incident.id) if self._has_a_ticket(incident) else None
        if _may_escalate(incident, execution):
            incident = self._move(incident, execution, reason, paged=paged)
        # Freed when the status has fenced off whatever of this execution may still run.
        free_lock(self.incidents.table, incident.subject, execution=execution)
        if incident.status is IncidentStatus.ESCALATED:
            self.bus.announce(incident)
        if wanted:
            self.write_ticket(incident, wanted)
        return incident

    def write_ticket(self, incident: Incident, wanted: str) -> None:
        """Write the ticket, which was `wanted` so; when the ticket system is down, leave it to the sweep."""
        if incident.playbook == PLAYBOOK:
            count_attached(self.incidents, incident.id)
        try:
            content = ticket_for(incident, self.incidents, self.actions)
            self.tickets.write(incident.id, content, wanted=wanted)
        except TicketSystemDown as error:
            logger().warning("ticket postponed", extra={"incident_id": incident.id, "error": str(error)})

    def _has_a_ticket(self, incident: Incident) -> bool:
        """Say whether the incident has a ticket of its own, or gets one: one ticket is for all of an outbreak."""
        return incident.decision is not Decision.OUTBREAK or self.tickets.find(incident.id) is not None

    def _move(self, incident: Incident, execution: str, reason: str | None, *, paged: bool) -> Incident:
        reasons = [*incident.reasons, *([reason] if reason and reason not in incident.reasons else [])]
        fields: dict[str, Any] = {"reasons": reasons, **({"paged_at": stamp(clock.now())} if paged else {})}
        count("IncidentEscalated")
        return self.incidents.move(incident, IncidentStatus.ESCALATED, execution, **fields)


def _may_escalate(incident: Incident, execution: str) -> bool:
    """Say whether the incident is this execution's to escalate: its own, nobody's, or one that nobody works on."""
    if incident.status in {IncidentStatus.ESCALATED, IncidentStatus.CLOSED, IncidentStatus.STOOD_DOWN}:
        return False
    at_rest = incident.status in {IncidentStatus.CONTAINED, IncidentStatus.PARTIAL}
    return incident.claimed_by in {None, execution} or at_rest
