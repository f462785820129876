"""Take the thing out of groups that would allow it more, and put it where people, search and reports look for it."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.actions.group_membership import GroupMembership
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.response.carrying_out import carry_out
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step


def quarantine_thing(request: StepRequest, record: Incidents, by_name: Mapping[str, Action]) -> StepResult:
    """Change the thing's groups as planned. The quarantine group carries no policy: it contains nothing by itself.

    Raises:
        PlanConflict: somebody changed a membership of the plan meanwhile.
    """
    carry_out(Ledger(record, request.incident_id, request.execution), by_name, GroupMembership.name)
    return StepResult()


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Move the thing into quarantine."""
    return quarantine_thing(request, incidents(), actions())
