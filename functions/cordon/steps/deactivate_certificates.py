"""Shut the thing's certificates off, so that it can neither stay connected nor come back."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.actions.action import Action
from cordon.actions.certificate_status import CertificateStatus
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.model.change import Change
from cordon.response.carrying_out import carry_out
from cordon.steps.step import StepRequest, StepResult, actions, incidents, step


def deactivate_certificates(request: StepRequest, record: Incidents, by_name: Mapping[str, Action]) -> StepResult:
    """Make the plan's certificates INACTIVE: refused at the next connect, and dropped by AWS within minutes.

    Raises:
        PlanConflict: a certificate is neither ACTIVE nor INACTIVE by now.
    """
    ledger = Ledger(record, request.incident_id, request.execution)
    carry_out(ledger, by_name, shuts_off)
    return StepResult()


def shuts_off(change: Change) -> bool:
    """Say whether the change makes a certificate INACTIVE. REVOKED is for ever: not even a forged plan gets it here."""
    return change.action == CertificateStatus.name and change.after == "INACTIVE"


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Shut the certificates off."""
    return deactivate_certificates(request, incidents(), actions())
