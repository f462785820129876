"""Record that a person must take over. The page went out before, by a state that needs no code of ours."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from cordon.model.incident import IncidentStatus
from cordon.model.text import quoted
from cordon.response.escalation import Escalation
from cordon.steps.step import StepRequest, StepResult, actions, bus, incidents, step, tickets

REASONS_ON_RECORD = frozenset({"PersonMustDecide", "PartOfOutbreak", "OutbreakDeclared"})
"""The playbooks' error names for what is a person's to decide: its reasons are on record."""


class EscalationRequest(StepRequest):
    """What went wrong: the state's `Error` and `Cause`, and what became of the page."""

    error: dict[str, Any]
    page: dict[str, Any] = Field(default_factory=dict)
    """The answer of sns:publish, or the error that the state caught instead."""


class EscalationResult(StepResult):
    """The incident's status now."""

    status: IncidentStatus


def record_escalation(request: EscalationRequest, escalation: Escalation) -> EscalationResult:
    """Put the incident before a person: status, ticket, event, and the thing's lock freed."""
    paged = "MessageId" in request.page
    incident = escalation.escalate(request.incident_id, request.execution, reason_of(request.error), paged=paged)
    return EscalationResult(status=incident.status)


def reason_of(error: dict[str, Any]) -> str | None:
    """Return the reason that an error gives, as a sentence; None where the reasons are on record already.

    A Lambda's Cause is JSON with `errorMessage`; other causes are plain text.
    """
    name = str(error.get("Error", "Unknown"))
    if name in REASONS_ON_RECORD:
        return None
    cause = str(error.get("Cause", ""))
    try:
        message = json.loads(cause).get("errorMessage", cause)
    except (ValueError, AttributeError):
        message = cause
    return f"{name}: {quoted(str(message), 300)}"


@step(EscalationRequest)
def lambda_handler(request: EscalationRequest) -> EscalationResult:
    """Record the escalation."""
    return record_escalation(request, Escalation(incidents(), bus(), tickets(), actions()))
