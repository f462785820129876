"""After a decision: wake the execution that waits for it, and say what the playbook does now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cordon.incidents.approvals import Approvals
from cordon.model.approval import Answer, ApprovalRequest
from cordon.model.incident import Incident, Mode
from cordon.model.response_policy import Silence
from cordon.model.thing import Criticality
from cordon.observability import logger
from cordon.response.assessment import Outlook
from cordon.response.modes import silence_for

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_OVER = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
MOST_ASKED = 3
"""How often an execution asks: a thing that keeps changing under its plan needs a person, not another request."""


def resume(stepfunctions: SFNClient, request: ApprovalRequest) -> bool:
    """Let the execution that waits for the request go on. False: it waits no longer, by this token.

    The output says nothing: what was decided is read from the table, and the time-out of the state reads it, too.
    """
    try:
        stepfunctions.send_task_success(taskToken=request.task_token, output="{}")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in _OVER:
            raise
        logger().info("nobody waits for it", extra={"incident_id": request.incident_id, "code": code})
        return False
    return True


@dataclass(frozen=True)
class Waking:
    """What the sweep needs to wake an execution whose decision was recorded by a desk that died then."""

    approvals: Approvals
    stepfunctions: SFNClient

    def wake(self, incident_id: str) -> bool:
        """Wake the execution if its decision still waits to be read, and say whether it does."""
        request = self.approvals.find(incident_id)
        if request is None or not request.is_decided:
            return False  # the index lags behind
        if resume(self.stepfunctions, request):
            self.approvals.postpone(request)
        else:
            self.approvals.rest(request)  # its time-out reads the decision, or what caught its end has told people
        return True


@dataclass(frozen=True)
class Conclusion:
    """What the playbook does now, and why, each reason a sentence."""

    answer: Answer
    reasons: list[str]


def after_approval(request: ApprovalRequest, outlook: Outlook) -> Conclusion:
    """Return what follows an approval, by what there is to do now: exactly what was approved, or nothing."""
    if outlook.blockers:
        return Conclusion(Answer.ESCALATE, outlook.blockers)
    if outlook.plan.hash == request.plan_hash:
        return Conclusion(Answer.CARRY_OUT, [])
    if request.asked >= MOST_ASKED:
        return Conclusion(Answer.ESCALATE, [f"the plan changed each of the {MOST_ASKED} times that it was approved"])
    return Conclusion(Answer.ASK_AGAIN, ["the plan changed after it was approved"])


def after_silence(
    incident: Incident, request: ApprovalRequest, outlook: Outlook, reserve: Callable[[], list[str]]
) -> Conclusion:
    """Return what follows when nobody has answered in time. `reserve` reserves the budget, or says why it cannot.

    Silence carries out only what Cordon could have done by itself but for the mode.
    """
    criticality = outlook.thing.criticality if outlook.thing else Criticality.UNKNOWN
    silence = silence_for(outlook.in_force.policy, incident.playbook, criticality)
    if silence is not Silence.ACT:
        answer = Answer.LEAVE if silence is Silence.LEAVE else Answer.ESCALATE
        return Conclusion(answer, ["nobody answered the request for approval in time"])
    if against := _against_acting(incident, request, outlook) or reserve():
        return Conclusion(Answer.ESCALATE, ["nobody answered in time, and silence may not act", *against])
    return Conclusion(Answer.CARRY_OUT, ["nobody answered in time, and the response policy lets silence act"])


def _against_acting(incident: Incident, request: ApprovalRequest, outlook: Outlook) -> list[str]:
    """Say why nothing may be done without a person, whatever the policy says of silence."""
    shared = outlook.thing is not None and any(one.is_shared for one in outlook.thing.certificates)
    mistakes = {
        "the plan has changed since": outlook.plan.hash != request.plan_hash,
        "it cannot be undone": request.irreversible or any(not change.reversible for change in outlook.plan.changes),
        "it takes more than one person": request.identities_needed > 1,
        "it shares a certificate": shared,
        "it is part of an outbreak": incident.outbreak is not None,
        "a person asked for it": incident.requested_by is not None,
        "the response policy only observes": outlook.mode is Mode.OBSERVE,
    }
    return [*outlook.blockers, *outlook.questions, *(reason for reason, holds in mistakes.items() if holds)]
