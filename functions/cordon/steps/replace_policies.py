"""Put the quarantine policy in place of the thing's own: reactivating a certificate for repair opens no hole."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.actions.iot_policy import IotPolicy
from cordon.actions.policy_attachment import PolicyAttachment
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.response.carrying_out import carry_out
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step


def replace_policies(request: StepRequest, record: Incidents, by_name: Mapping[str, Action]) -> StepResult:
    """Make the quarantine policy, detach the certificates' own policies, attach it.

    Raises:
        PlanConflict: somebody changed a policy or an attachment of the plan meanwhile.
    """
    ledger = Ledger(record, request.incident_id, request.execution)
    carry_out(ledger, by_name, IotPolicy.name, PolicyAttachment.name)
    return StepResult()


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Replace the policies."""
    return replace_policies(request, incidents(), actions())
