"""A request for approval: one plan, before people, for a while."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.person import people_among


class Verdict(StrEnum):
    """What a person says of a plan."""

    APPROVE = "approve"
    REJECT = "reject"


class RequestStatus(StrEnum):
    """Where a request stands. Only a pending one can be decided, and a decided one is used once."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"
    """Approved, and its plan is being carried out or was."""
    SUPERSEDED = "superseded"
    """Approved, and nothing was done: what there is to do had changed, so that the approval is worth nothing."""


class Answer(StrEnum):
    """What the playbook does after its request, for its Choice."""

    CARRY_OUT = "carry_out"
    ASK_AGAIN = "ask_again"
    STAND_DOWN = "stand_down"
    LEAVE = "leave"
    ESCALATE = "escalate"


class GivenDecision(Word):
    """What one person decided. `identity` is whose word it counts as, `user_arn` what AWS signed."""

    identity: str
    user_arn: str
    verdict: Verdict
    reason: str | None = None
    at: AwareDatetime


class ApprovalRequest(Word):
    """The one request of an incident: a later one takes its place, with the next number."""

    schema_version: int = SCHEMA_VERSION
    incident_id: str
    number: int = Field(ge=1)
    asked: int = Field(ge=1)
    """How often this execution has asked by now, this time included."""
    plan_hash: str
    policy_hash: str | None = None
    """The response policy by which it was asked."""
    execution: str
    task_token: str = Field(repr=False)
    """Whoever has it can resume the execution: it leaves the table for Step Functions only."""
    requested_at: AwareDatetime
    answer_until: AwareDatetime
    """The first moment at which an answer comes too late. (`expires_at` is the table's word for rows that go.)"""
    requested_by: str | None = None
    """Identity of the person who asked for the incident; counts as one of those behind the plan."""
    identities_needed: int = Field(ge=1)
    irreversible: bool = False
    status: RequestStatus = RequestStatus.PENDING
    decisions: list[GivenDecision] = Field(default_factory=list)
    paged_at: AwareDatetime | None = None
    answer: Answer | None = None
    """What the playbook made of it, once it has read it back."""
    answer_reasons: list[str] = Field(default_factory=list)

    @property
    def behind(self) -> frozenset[str]:
        """The distinct identities behind the plan, in small letters. How many people they are, `people` says."""
        people = [one.identity for one in self.decisions if one.verdict is Verdict.APPROVE]
        return frozenset(one.casefold() for one in [*people, *([self.requested_by] if self.requested_by else [])])

    @property
    def people(self) -> int:
        """How many people are behind the plan for certain, whoever asked for it among them."""
        return people_among(self.behind)

    @property
    def is_decided(self) -> bool:
        """Say whether people have decided, and the playbook has not read it yet."""
        return self.status in {RequestStatus.APPROVED, RequestStatus.REJECTED} and self.answer is None

    def is_said(self, identity: str, verdict: Verdict) -> bool:
        """Say whether that identity has given this verdict already."""
        return any(one.identity.casefold() == identity.casefold() and one.verdict is verdict for one in self.decisions)
