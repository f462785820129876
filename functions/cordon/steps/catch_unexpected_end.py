"""Catch every execution that did not end well, and see that its incident is before a person and its lock is free."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field

from cordon.incidents.locks import free_lock
from cordon.incidents.record import Incidents
from cordon.model.incident import Decision, Incident, IncidentStatus
from cordon.model.text import quoted
from cordon.response.escalation import Escalation
from cordon.steps.step import StepResult, actions, bus, incidents, pager, step, tickets
from cordon.tickets.pager import Pager

_BEFORE_A_PERSON = frozenset({IncidentStatus.ESCALATED, IncidentStatus.PARTIAL})


class ExecutionEnd(BaseModel):
    """The `detail` of `Step Functions Execution Status Change`, as far as we read it.

    `input` is missing when EventBridge left it out because of its size.
    """

    model_config = ConfigDict(extra="ignore")

    execution_arn: str = Field(alias="executionArn")
    status: str
    input: str | None = None

    def incident_id(self) -> str | None:
        """Return the incident that the execution was started for, if its input names one."""
        try:
            found = json.loads(self.input or "null")["incident_id"]
        except (ValueError, KeyError, TypeError):
            return None
        return found if isinstance(found, str) else None


class StatusChange(BaseModel):
    """The event, without what we do not read."""

    model_config = ConfigDict(extra="ignore")

    detail: ExecutionEnd


def catch_unexpected_end(end: ExecutionEnd, escalation: Escalation, people: Pager) -> None:
    """Escalate the incident of an execution that failed, timed out or was aborted, unless a person has it already."""
    incident_id = end.incident_id()
    if incident_id is None:
        subject = f"Cordon: an execution ended {end.status}"
        return people.page(subject, f"{end.execution_arn} ended {end.status}, and its input names no incident.")
    incident = escalation.incidents.get(incident_id)
    is_told = _is_told(incident, end)
    if is_told:
        # Its own last step frees the lock, unless that failed for good after it had moved the status.
        free_lock(escalation.incidents.table, incident.subject, execution=end.execution_arn)
    else:
        reason = f"its execution ended {quoted(end.status)}"
        incident = escalation.escalate(incident_id, end.execution_arn, reason, paged=False)
    if is_told and _is_in_outbreak(incident, escalation.incidents):
        return None
    if incident.status is IncidentStatus.ESCALATED and incident.paged_at is None:
        _page(incident, end, people)
        escalation.incidents.paged(incident.id)
    return None


def _is_told(incident: Incident, end: ExecutionEnd) -> bool:
    """Say whether the playbook ended the way it should when it fails: with a person told by its own last states."""
    return end.status == "FAILED" and incident.status in _BEFORE_A_PERSON


def _is_in_outbreak(incident: Incident, incidents: Incidents) -> bool:
    """Say whether people are told of this incident by the outbreak that it is part of, and that they still look at."""
    if incident.decision is not Decision.OUTBREAK or incident.outbreak is None:
        return False
    return incidents.get(incident.outbreak).status is not IncidentStatus.CLOSED


def _page(incident: Incident, end: ExecutionEnd, people: Pager) -> None:
    text = f"Incident {incident.id} of thing {incident.subject} needs a person: its execution ended {end.status}."
    people.page(f"Cordon: {incident.subject} needs a person", text)


@step(StatusChange)
def lambda_handler(event: StatusChange) -> StepResult:
    """Catch the end of an execution."""
    escalation = Escalation(incidents(), bus(), tickets(), actions())
    catch_unexpected_end(event.detail, escalation, pager())
    return StepResult()
