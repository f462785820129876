"""Put the plan before people, and let the execution wait for what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from cordon import clients, clock
from cordon.actions.action import Action
from cordon.errors import NotTheClaimant
from cordon.incidents.approvals import Approvals
from cordon.incidents.bus import Bus
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.model.approval import ApprovalRequest, RequestStatus
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.thing import Criticality
from cordon.response.deciding import resume
from cordon.response.escalation import Escalation
from cordon.response.modes import approvals_needed
from cordon.response.policy_store import Policies
from cordon.steps.step import StepRequest, StepResult, actions, bus, incidents, pager, policies, step, tickets
from cordon.tickets.pager import Pager
from cordon.tickets.tickets import Tickets
from cordon.tickets.wording import to_approve

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class ApprovalToAsk(StepRequest):
    """The state's token, and how long it waits for it, in seconds."""

    task_token: str = Field(min_length=1)
    approval_seconds: int = Field(ge=1)


@dataclass(frozen=True)
class Asking:
    """Everything that a request reads, writes and tells."""

    incidents: Incidents
    approvals: Approvals
    policies: Policies
    tickets: Tickets
    actions: Mapping[str, Action]
    bus: Bus
    pager: Pager
    stepfunctions: SFNClient

    def ask(self, wanted: ApprovalToAsk) -> None:
        """Ask once, and tell people; run again, only what is missing of that is done, and the new token counts.

        Raises:
            NotTheClaimant: the incident is not this execution's.
        """
        # Wanted first: whoever finds the status moved takes it that the sweep knows of the ticket.
        ticket = self.tickets.want(wanted.incident_id)
        incident = self.incidents.get(wanted.incident_id)
        request = self._put(incident, wanted)
        if request.status is not RequestStatus.PENDING:
            resume(self.stepfunctions, request)  # decided before this step was done
            return
        incident = self.incidents.get(incident.id)
        if incident.status is IncidentStatus.AWAITING_APPROVAL:  # else somebody answered within this second
            self._tell(incident, request, ticket)

    def _put(self, incident: Incident, wanted: ApprovalToAsk) -> ApprovalRequest:
        """Return the request, made now or by an earlier try of this very state."""
        if incident.claimed_by != wanted.execution:
            raise NotTheClaimant(f"{incident.id} is claimed by {incident.claimed_by}")
        last = self.approvals.find(incident.id)
        if incident.status is IncidentStatus.AWAITING_APPROVAL and last:
            return self.approvals.renew(last, wanted.task_token)
        request = self._request(incident, wanted, last)
        self.approvals.ask(incident, request, instead_of=last)
        return request

    def _request(self, incident: Incident, wanted: ApprovalToAsk, last: ApprovalRequest | None) -> ApprovalRequest:
        now, in_force = clock.now(), self.policies.in_force()
        entries = Ledger(self.incidents, incident.id, wanted.execution).planned()
        final = any(not entry.change.reversible for entry in entries)
        # A plan that was made without a policy stays one that nobody could judge, whatever can be read a moment later.
        judged_by = in_force.policy if incident.policy_hash else None
        criticality = incident.criticality or Criticality.UNKNOWN
        facts: dict[str, Any] = {
            "number": last.number + 1 if last else 1,
            "asked": last.asked + 1 if last and last.execution == wanted.execution else 1,
            "identities_needed": approvals_needed(judged_by, incident.playbook, criticality, irreversible=final),
        }
        return ApprovalRequest(
            incident_id=incident.id,
            plan_hash=incident.plan_hash or "",
            policy_hash=in_force.hash,
            execution=wanted.execution,
            task_token=wanted.task_token,
            requested_at=now,
            answer_until=now + timedelta(seconds=wanted.approval_seconds),
            requested_by=incident.requested_by,
            irreversible=final,
            **facts,
        )

    def _tell(self, incident: Incident, request: ApprovalRequest, ticket: str) -> None:
        if request.paged_at is None:
            text = (
                f"Incident {incident.id} of thing {incident.subject} waits for approval until "
                f"{request.answer_until:%Y-%m-%d %H:%M} UTC: {to_approve(request)}. Its ticket says what would be done."
            )
            self.pager.page(f"Cordon: {incident.subject} waits for approval", text)
            self.approvals.paged(request)
            self.incidents.paged(incident.id)
        self.bus.announce(incident)
        Escalation(self.incidents, self.bus, self.tickets, self.actions).write_ticket(incident, ticket)


@step(ApprovalToAsk)
def lambda_handler(request: ApprovalToAsk) -> StepResult:
    """Ask for approval."""
    record = incidents()
    asking = Asking(
        record, Approvals(record), policies(), tickets(), actions(), bus(), pager(), clients.stepfunctions()
    )
    asking.ask(request)
    return StepResult()
