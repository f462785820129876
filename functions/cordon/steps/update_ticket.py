"""Tell people by a ticket: what happened, what was done, how to undo it."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.incidents.record import Incidents
from cordon.response.outcome import ticket_for
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step, tickets
from cordon.tickets.tickets import Tickets


def update_ticket(request: StepRequest, record: Incidents, by_name: Mapping[str, Action], desk: Tickets) -> StepResult:
    """Create the incident's ticket, or bring it up to date.

    Raises:
        TicketSystemDown: it stays wanted, and the sweep tries again; the playbook goes on without it.
    """
    desk.want(request.incident_id)
    desk.write(request.incident_id, ticket_for(record.get(request.incident_id), record, by_name))
    return StepResult()


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Write the ticket."""
    return update_ticket(request, incidents(), actions(), tickets())
