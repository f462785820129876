"""Deny the AWS credentials that the thing's certificates got already: no status of a certificate touches them."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.actions.sts_deny import StsDeny
from cordon.errors import DenyListFull
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.response.carrying_out import carry_out
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step


def deny_sts_sessions(request: StepRequest, record: Incidents, by_name: Mapping[str, Action]) -> StepResult:
    """Have the sessions denied. Where the policy is full the rest goes on: that leg ends unknown, and a person is told.

    Raises:
        PlanConflict: somebody took a hold of the incident away meanwhile.
        LockHeld: somebody else is writing the policy.
    """
    ledger = Ledger(record, request.incident_id, request.execution)
    try:
        carry_out(ledger, by_name, lambda change: change.action == StsDeny.name)
    except DenyListFull as full:
        record.note(request.incident_id, "not denied", request.execution, {"reason": str(full)})
    return StepResult()


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Deny the sessions."""
    return deny_sts_sessions(request, incidents(), actions())
