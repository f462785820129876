from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.errors import NotTheClaimant
from cordon.incidents.approvals import Approvals
from cordon.incidents.bus import Bus
from cordon.model.approval import ApprovalRequest, GivenDecision, RequestStatus, Verdict
from cordon.model.change import Change
from cordon.model.incident import IncidentStatus, Mode
from cordon.model.response_policy import PlaybookPolicy, ResponsePolicy
from cordon.model.thing import Criticality
from cordon.response.policy_store import InForce
from cordon.steps.request_approval import ApprovalToAsk, Asking
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.pager import Pager
from cordon.tickets.tickets import Tickets

from ..conftest import ME, OTHER, THING, Bed
from .doubles import Told
from .test_sweep import DeadOpsCenter

CHANGE = Change(action="certificate_status", resource="certificate/c", before="ACTIVE", after="INACTIVE", hits=[THING])
FINAL = CHANGE.model_copy(update={"after": "REVOKED", "reversible": False})
ANNA = "arn:aws:iam::123456789012:user/anna"
ASKS = ResponsePolicy(playbooks={})
"""A policy that asks one person about everything that can be undone."""


class Policies:
    """A response policy in force."""

    def __init__(self, policy: ResponsePolicy | None) -> None:
        self._found = InForce(policy, hash="f" * 64)

    def in_force(self) -> InForce:
        """Return it."""
        return self._found


class Waiting:
    """A Step Functions client that keeps the tokens that come back."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def send_task_success(self, **sent: str) -> None:
        """Keep the token."""
        self.tokens.append(sent["taskToken"])


class Step:
    """The step over the bed's record, with what it told whom."""

    def __init__(self, bed: Bed, policy: ResponsePolicy | None = ASKS, ssm: Any = None) -> None:
        self.told, self.waiting = Told(), Waiting()
        self.approvals = Approvals(bed.incidents)
        policies: Any = Policies(policy)
        told: Any = self.told
        waiting: Any = self.waiting
        tickets = Tickets(bed.table, OpsCenter(ssm or bed.client("ssm")))
        pager, bus = Pager(told, "arn:topic"), Bus(told, "cordon")
        self._asking = Asking(bed.incidents, self.approvals, policies, tickets, bed.actions, bus, pager, waiting)

    def ask(self, incident_id: str, attempt: int = 1) -> ApprovalRequest:
        """Run the step, the n-th attempt of its state, and return the request as it stands then."""
        facts = {"incident_id": incident_id, "execution": ME, "state": "RequestApproval", "approval_seconds": 1800}
        self._asking.ask(ApprovalToAsk.model_validate(facts | {"task_token": f"token-{attempt}"}))
        request = self.approvals.find(incident_id)
        assert request is not None
        return request


def planned(bed: Bed, *changes: Change, **head: Any) -> str:
    """The id of an incident with a plan of these changes, made under a policy and claimed by us."""
    bed.planned(*changes)
    incident_id = bed.open_id() or ""
    bed.set_head(incident_id, **({"policy_hash": "f" * 64} | head))
    return incident_id


def test_a_request_says_what_it_is_about_and_until_when(bed: Bed) -> None:
    """Plan, policy, token and time; people are paged once, and the event is on the bus."""
    step = Step(bed)
    incident_id = planned(bed, CHANGE, requested_by=ANNA)
    request = step.ask(incident_id)
    incident = bed.incidents.get(incident_id)
    assert (request.plan_hash, request.policy_hash) == (incident.plan_hash, "f" * 64)
    assert request.answer_until == bed.clock.now() + timedelta(minutes=30)
    assert (request.requested_by, request.task_token, request.irreversible) == (ANNA, "token-1", False)
    assert (incident.status, step.told.pages) == (
        IncidentStatus.AWAITING_APPROVAL,
        ["Cordon: pump-01 waits for approval"],
    )
    assert step.told.announced == ["Approval Requested"]


@pytest.mark.parametrize(
    ("changes", "criticality", "policy", "people"),
    [
        ([CHANGE], Criticality.STANDARD, None, 1),
        ([CHANGE, FINAL], Criticality.STANDARD, None, 2),
        ([CHANGE], Criticality.HIGH, [Criticality.HIGH], 2),
        ([CHANGE], Criticality.STANDARD, [Criticality.HIGH], 1),
    ],
)
def test_what_cannot_be_undone_takes_two_people(
    bed: Bed, changes: list[Change], criticality: Criticality, policy: list[Criticality] | None, people: int
) -> None:
    """One such change in the plan is enough, whatever the policy says, and the policy may name things besides."""
    said = PlaybookPolicy(mode=Mode.APPROVE, two_approvers=policy or [])
    step = Step(bed, ResponsePolicy(playbooks={"contain_thing": said}))
    request = step.ask(planned(bed, *changes, criticality=criticality))
    assert (request.identities_needed, request.irreversible) == (people, FINAL in changes)


@pytest.mark.parametrize(("policy", "judged_by"), [(None, "f" * 64), (None, None), (ASKS, None)])
def test_what_was_judged_without_a_policy_takes_two_people(
    bed: Bed, policy: ResponsePolicy | None, judged_by: str | None
) -> None:
    """Whether it could be read when the plan was made, when it was asked about, or at neither."""
    request = Step(bed, policy).ask(planned(bed, CHANGE, criticality=Criticality.STANDARD, policy_hash=judged_by))
    assert request.identities_needed == 2


def test_a_step_that_is_run_again_asks_nobody_twice(bed: Bed) -> None:
    """Its new token takes the old one's place; number, time and page stay as they were."""
    step = Step(bed)
    incident_id = planned(bed, CHANGE)
    first = step.ask(incident_id)
    bed.clock.advance(minutes=1)
    again = step.ask(incident_id, 2)
    assert again == first.model_copy(update={"task_token": "token-2", "paged_at": again.paged_at})
    assert (len(step.told.pages), step.waiting.tokens) == (1, [])


def test_a_step_that_is_run_again_after_the_decision_wakes_itself(bed: Bed) -> None:
    """Somebody decided while it was down: by the new token the execution goes on at once, and nobody is told again."""
    step = Step(bed)
    incident_id = planned(bed, CHANGE)
    request = step.ask(incident_id)
    said = GivenDecision(identity=ANNA, user_arn=ANNA, verdict=Verdict.APPROVE, at=bed.clock.now())
    step.approvals.decide(incident_id, request.plan_hash, said)
    assert step.ask(incident_id, 2).status is RequestStatus.APPROVED
    assert (step.waiting.tokens, len(step.told.pages)) == (["token-2"], 1)


def test_a_ticket_system_that_is_down_keeps_nobody_from_being_asked(bed: Bed) -> None:
    """The page goes out, the request waits, and the sweep writes the ticket later."""
    dead = DeadOpsCenter(bed.client("ssm"))
    step = Step(bed, ssm=dead)
    request = step.ask(planned(bed, CHANGE))
    assert (dead.tries, len(step.told.pages), request.status) == (1, 1, RequestStatus.PENDING)


def test_a_pager_that_is_down_is_the_states_to_retry(bed: Bed) -> None:
    """The request stands; the step fails, and run again pages and announces what it had not."""
    step = Step(bed)
    incident_id = planned(bed, CHANGE)
    publish, step.told.publish = step.told.publish, _down  # type: ignore[method-assign] # SNS is down for a while
    with pytest.raises(ClientError):
        step.ask(incident_id)
    assert step.told.announced == []
    step.told.publish = publish  # type: ignore[method-assign] # and up again
    step.ask(incident_id, 2)
    assert (len(step.told.pages), step.told.announced) == (1, ["Approval Requested"])


def _down(**_: Any) -> None:
    raise ClientError({"Error": {"Code": "InternalError", "Message": "no"}}, "Publish")


@pytest.mark.parametrize("head", [{"claimed_by": OTHER}, {"status": "escalated"}])
def test_an_incident_that_is_not_ours_is_not_asked_about(bed: Bed, head: dict[str, str]) -> None:
    """Another execution's, or before a person by now: nobody is paged, and no request is made."""
    step = Step(bed)
    incident_id = planned(bed, CHANGE, **head)
    with pytest.raises(NotTheClaimant):
        step.ask(incident_id)
    assert (step.approvals.find(incident_id), step.told.pages) == (None, [])
