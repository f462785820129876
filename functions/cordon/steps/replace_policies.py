"""Put the quarantine policy in place of the thing's own: reactivating a certificate for repair opens no hole."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.actions.group_membership import GroupMembership
from cordon.actions.iot_policy import IotPolicy
from cordon.actions.policy_attachment import PolicyAttachment
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.model.change import Change
from cordon.response.carrying_out import carry_out
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step


def replace_policies(request: StepRequest, record: Incidents, by_name: Mapping[str, Action]) -> StepResult:
    """Make the quarantine policy, swap it for the certificates' own, and leave the groups whose policies allow more.

    Raises:
        PlanConflict: somebody changed a policy, an attachment or a membership of the plan meanwhile.
    """
    carry_out(Ledger(record, request.incident_id, request.execution), by_name, changes_what_is_allowed)
    return StepResult()


def changes_what_is_allowed(change: Change) -> bool:
    """Say whether the change is about what the thing may do, whatever its certificates' status."""
    leaves_group = change.action == GroupMembership.name and change.after is False
    return leaves_group or change.action in {IotPolicy.name, PolicyAttachment.name}


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Replace the policies."""
    return replace_policies(request, incidents(), actions())
