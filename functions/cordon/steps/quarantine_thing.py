"""Put the thing where people, search and reports look for it."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.actions.group_membership import GroupMembership
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.response.carrying_out import carry_out
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step


def quarantine_thing(request: StepRequest, record: Incidents, by_name: Mapping[str, Action]) -> StepResult:
    """Put the thing into the quarantine group, which carries no policy: it contains nothing by itself.

    Raises:
        PlanConflict: somebody changed a membership of the plan meanwhile.
    """
    ledger = Ledger(record, request.incident_id, request.execution)
    carry_out(ledger, by_name, lambda change: change.action == GroupMembership.name and change.after is True)
    return StepResult()


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Put the thing into the quarantine group."""
    return quarantine_thing(request, incidents(), actions())
