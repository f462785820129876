"""Read back what people decided, and hold it against what there is to do now: task output is never trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime

from cordon import clients, clock
from cordon.errors import IllegalTransition, NotTheClaimant
from cordon.incidents.approvals import Approvals
from cordon.incidents.locks import free_lock, take_lock
from cordon.incidents.record import Incidents
from cordon.model.approval import Answer, ApprovalRequest, RequestStatus, Verdict
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.text import quoted
from cordon.observability import count
from cordon.response.assessment import Assessor, Outlook
from cordon.response.budget import reserve_for
from cordon.response.clock_skew import skew
from cordon.response.deciding import Conclusion, after_approval, after_silence
from cordon.response.policy_store import Policies
from cordon.steps.step import StepRequest, StepResult, assessor, incidents, policies, step

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

_EARLY = timedelta(minutes=2)
"""How much sooner than the request runs out its state may: the state counts from before the step that asked."""


class DecisionToRead(StepRequest):
    """Which incident, and when Step Functions entered the state, by its own clock.

    None: the execution was started before the state told it, and asks for days.
    """

    entered_at: AwareDatetime | None = None


class DecisionRead(StepResult):
    """What the playbook does now, and why."""

    outcome: Answer
    reasons: list[str]


@dataclass(frozen=True)
class Reading:
    """Everything that reading a decision reads and writes."""

    incidents: Incidents
    approvals: Approvals
    policies: Policies
    assessor: Assessor
    iot: IoTClient

    def read(self, asked: DecisionToRead) -> DecisionRead:
        """Read the decision for the execution that asked for it, once: run again, it finds what it made of it.

        Raises:
            LockHeld: another execution is changing the thing.
            NotTheClaimant: the incident is not this execution's.
            IllegalTransition: the state that asks gave up before anybody was asked.
        """
        incident, request = self.incidents.get(asked.incident_id), self.approvals.find(asked.incident_id)
        if request is None or {incident.claimed_by, request.execution} != {asked.execution}:
            raise NotTheClaimant(f"{incident.id} is claimed by {incident.claimed_by}")
        if request.answer is Answer.ASK_AGAIN and incident.assessed_by is not None:
            raise IllegalTransition(f"{incident.id} is {incident.status}: nobody was asked about its present plan")
        if request.answer is None:
            request = self._conclude(incident, request, asked)
        if request.answer is not Answer.CARRY_OUT:
            free_lock(self.incidents.table, incident.subject, execution=asked.execution)
        return DecisionRead(outcome=request.answer or Answer.ESCALATE, reasons=request.answer_reasons)

    def _conclude(self, incident: Incident, request: ApprovalRequest, asked: DecisionToRead) -> ApprovalRequest:
        if request.status is RequestStatus.PENDING and clock.now() < request.answer_until - _EARLY:
            # Whoever woke it was not the desk: the request stays as it is, and nothing is done on that word.
            return self._write(incident, request, Conclusion(Answer.ESCALATE, ["it was woken, and nobody has decided"]))
        if request.status is RequestStatus.PENDING:
            request = self.approvals.expire(request)
        if request.status is RequestStatus.REJECTED:
            return self._write(incident, request, Conclusion(Answer.STAND_DOWN, [_rejected(request)]))
        # Taken before the facts are read: a plan is only as good as the quiet around it.
        take_lock(self.incidents.table, incident.subject, incident_id=incident.id, execution=asked.execution)
        opening = self.incidents.sighting(incident.id, incident.opened_by)
        outlook = self.assessor.look(incident, opening, self.policies.in_force())
        if request.status is RequestStatus.APPROVED:
            conclusion = after_approval(request, outlook)
        else:
            reserve = partial(reserve_for, outlook, incident.id, self.incidents.table, self.iot, fresh=True)
            # By a wrong clock a freeze is over, or an exemption. People who approved have looked at theirs.
            doubted = replace(outlook, questions=[*_clock_trouble(asked), *outlook.questions])
            conclusion = after_silence(incident, request, doubted, reserve)
        return self._write(incident, request, conclusion, outlook)

    def _write(
        self, incident: Incident, request: ApprovalRequest, conclusion: Conclusion, outlook: Outlook | None = None
    ) -> ApprovalRequest:
        """Record the conclusion, and move the incident with it; one that goes to a person is moved when he is told."""
        answer, reasons = conclusion.answer, conclusion.reasons
        said = [*incident.reasons, *(reason for reason in reasons if reason not in incident.reasons)]
        fields: dict[str, Any] = {"reasons": said}
        if answer is Answer.CARRY_OUT and outlook:
            # Sessions come and go, and are no part of what is approved: those of now are dropped.
            fields |= {"plan_effects": [one.model_dump(mode="json") for one in outlook.plan.effects]}
            fields |= {"plan_gaps": [one.model_dump(mode="json") for one in outlook.plan.gaps]}
        if answer is Answer.ASK_AGAIN:
            fields |= {"assessed_by": None}
        self.approvals.conclude(
            incident,
            request,
            _MOVES.get(answer),
            head=fields,
            answer=answer,
            answer_reasons=reasons,
            status=_status_after(request, answer),
        )
        if answer is Answer.STAND_DOWN:
            count("IncidentStoodDown")
        return request.model_copy(update={"answer": answer, "answer_reasons": reasons})


_MOVES = {
    Answer.CARRY_OUT: IncidentStatus.RESPONDING,
    Answer.ASK_AGAIN: IncidentStatus.RESPONDING,
    Answer.STAND_DOWN: IncidentStatus.STOOD_DOWN,
}


def _clock_trouble(asked: DecisionToRead) -> list[str]:
    if asked.entered_at is None:
        return ["nothing tells whether the clock of this function is right"]
    return skew(asked.entered_at, clock.now())


def _status_after(request: ApprovalRequest, answer: Answer) -> RequestStatus:
    """Return what becomes of the request: an approval is used up, whatever came of it."""
    if request.status is not RequestStatus.APPROVED:
        return request.status if request.status is not RequestStatus.PENDING else RequestStatus.SUPERSEDED
    return RequestStatus.USED if answer is Answer.CARRY_OUT else RequestStatus.SUPERSEDED


def _rejected(request: ApprovalRequest) -> str:
    (no,) = [one for one in request.decisions if one.verdict is Verdict.REJECT]
    why = f": {quoted(no.reason)}" if no.reason else ""
    return f"{no.identity} rejected the plan{why}"


@step(DecisionToRead)
def lambda_handler(request: DecisionToRead) -> DecisionRead:
    """Read the decision."""
    record = incidents()
    reading = Reading(record, Approvals(record), policies(), assessor(), clients.iot())
    return reading.read(request)
