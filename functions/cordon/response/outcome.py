"""How a run of a playbook ended, told from the record alone; and the ticket that says so."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.incidents.approvals import Approvals
from cordon.incidents.holds import Holds
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.model.change import Change, ChangeStatus, LedgerEntry
from cordon.model.incident import Decision, Incident, IncidentStatus
from cordon.response.likeness import PLAYBOOK
from cordon.response.outbreaks import attached_to
from cordon.tickets.outbreak_wording import outbreak_ticket
from cordon.tickets.wording import TicketContent, TicketFacts, ticket_content

_OURS = frozenset({ChangeStatus.ATTEMPTED, ChangeStatus.APPLIED, ChangeStatus.VERIFIED})


def outcome_of(incident: Incident) -> IncidentStatus:
    """Return the status that the run has earned.

    Still responding means that it has just run through: observed if nothing was to be changed, contained if every leg
    is proven, otherwise partial. Any other status has been decided already, and stands.
    """
    if incident.status is not IncidentStatus.RESPONDING:
        return incident.status
    if incident.decision is Decision.OBSERVE:
        return IncidentStatus.OBSERVED
    proven = incident.proven_at is not None and all(leg.proven for leg in incident.legs)
    return IncidentStatus.CONTAINED if proven else IncidentStatus.PARTIAL


def ticket_for(incident: Incident, incidents: Incidents, actions: Mapping[str, Action]) -> TicketContent:
    """Return the incident's ticket as its record stands now."""
    evidence = [f"{row['key']} sha256 {row['sha256']}" for row in incidents.rows_of(incident.id, "EVIDENCE#")]
    if incident.playbook == PLAYBOOK:
        attached = list(attached_to(incidents, incident.id))
        return outbreak_ticket(incident, outcome_of(incident), attached, evidence)
    ledger = Ledger(incidents, incident.id, incident.claimed_by or "")
    entries = ledger.entries()
    facts = TicketFacts(
        incident=incident,
        outcome=outcome_of(incident),
        entries=entries,
        effects=ledger.effects(),
        undo=_commands(_undo(entries, Holds(incidents.table), incident.id), actions),
        by_hand=_commands([] if _is_begun(entries) else [entry.change for entry in entries], actions),
        evidence=evidence,
        request=Approvals(incidents).find(incident.id),
    )
    return ticket_content(facts)


def _undo(entries: list[LedgerEntry], holds: Holds, incident_id: str) -> list[Change]:
    """Return the changes that put back ours, last change first.

    What was found so is not ours to undo, and what another incident needs as it is would no longer be so for that one.
    """
    ours = [entry.change for entry in reversed(entries) if entry.status in _OURS]
    return [
        change.inverse()
        for change in ours
        if change.reversible and not holds.is_needed_by_others(change.resource, incident_id)
    ]


def _is_begun(entries: list[LedgerEntry]) -> bool:
    return any(entry.status is not ChangeStatus.PLANNED for entry in entries)


def _commands(changes: list[Change], actions: Mapping[str, Action]) -> list[str]:
    return [shlex.join(actions[change.action].by_hand(change)) for change in changes]
