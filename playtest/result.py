"""What a playtest came to: one object, read from the record of the local AWS after everything has settled."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from cordon.model.alarm import Attribution
from cordon.model.approval import Answer, RequestStatus, Verdict
from cordon.model.base import Word
from cordon.model.change import Gap
from cordon.model.incident import IncidentStatus, Leg
from pydantic import Field


class Fate(StrEnum):
    """What became of a delivery. The first five are triage's words; the others never came to triage."""

    OPENED = "opened"
    JOINED = "joined"
    NOTED = "noted"
    IGNORED = "ignored"
    REJECTED = "rejected"
    REFUSED = "refused"
    """SNS did not take it."""
    UNROUTED = "unrouted"
    """No rule of the template sends it anywhere."""
    LOST = "lost"
    """It was delivered, and the record knows nothing of it."""


class AlarmResult(Word):
    """One delivery and what became of it. `source` and `kind` are None where nobody could tell.

    `delivery` is the SNS MessageId or the event's id, `file` the FILE that it came from.
    """

    file: str
    delivery: str | None
    source: str | None
    kind: str | None
    accepted: bool
    became: Fate
    reason: str | None
    field: str | None = None
    incident: str | None = None


class ChangeResult(Word):
    """One change of the ledger. `status` is the ledger's own word, which tells found from applied."""

    action: str
    resource: str
    before: Any
    after: Any
    applied: bool
    verified: bool
    reversible: bool
    status: str


class EffectResult(Word):
    """One effect: what came of it, or None where it was only planned."""

    action: str
    resource: str
    outcome: str | None


class TicketResult(Word):
    """The ticket as the ticket system has it. Without an id it is wanted and not written yet."""

    system: str
    id: str | None
    title: str | None = None
    description: str | None = None
    data: dict[str, str] = Field(default_factory=dict)


class EvidenceResult(Word):
    """One object of the incident's evidence chain; `intact`: the bytes in the bucket have the chain's SHA-256."""

    key: str
    sha256: str
    intact: bool


class DecisionResult(Word):
    """What one person decided: whose word it counts as, what AWS signed, and why."""

    identity: str
    user_arn: str
    verdict: Verdict
    at: datetime
    reason: str | None


class ApprovalResult(Word):
    """The incident's last request for approval. `became` is what the playbook made of it; None: nothing yet."""

    status: RequestStatus
    plan_hash: str
    requested_at: datetime
    expires_at: datetime
    identities_needed: int
    requested_by: str | None
    cleared_at: datetime | None
    """When the alarm was last said to be over, if it was: that lifts nothing, and people are told."""
    decisions: list[DecisionResult]
    became: Answer | None
    reasons: list[str]


class IncidentResult(Word):
    """One incident. Seconds count from the alarm's arrival; None where there was no such moment.

    `states` are those of all its executions, in the order in which the executions started. `policy_version` and
    `policy_hash` are those of the response policy that its assessment went by.
    """

    id: str
    status: IncidentStatus
    playbook: str
    mode: str | None
    decision: str | None
    containment: str | None
    thing: str
    attribution: Attribution | None
    requested_by: str | None
    outbreak: str | None
    severity: str
    sightings: int
    summary: str
    states: list[str]
    changes: list[ChangeResult]
    effects: list[EffectResult]
    gaps: list[Gap]
    legs: list[Leg]
    reasons: list[str]
    plan_hash: str | None
    approval: ApprovalResult | None
    policy_version: str | None
    policy_hash: str | None
    ticket: TicketResult | None
    evidence: list[EvidenceResult]
    seconds_to_containment: float | None
    seconds_to_proof: float | None


class FleetChange(Word):
    """One field of the fleet that differs; None stands for a resource or a field that is not there."""

    resource: str
    field: str
    before: Any
    after: Any


class Rejection(Word):
    """A message that can never be accepted: why, in which field, and who said so (`triage`, or `sns` itself)."""

    reason: str
    field: str | None
    by: str
    delivery: str | None
    raw: dict[str, str] | None = None


class DeadLetter(Word):
    """A message that nobody could handle: its queue (logical id), and what is known of the reason."""

    queue: str
    reason: str
    field: str | None = None
    delivery: str | None = None


class Page(Word):
    """A page that went out over the stack's page topic."""

    subject: str
    message: str


class PolicyResult(Word):
    """The response policy in force at the end, as it says itself. Without one, `trouble` says why."""

    version: str | None
    hash: str | None
    trouble: str | None
    says: dict[str, Any] | None


class CostItem(Word):
    """What one kind of use costs, in dollars."""

    service: str
    unit: str
    count: float
    dollars: float


class Cost(Word):
    """An estimate from counted use and list prices, in dollars."""

    dollars: float
    services: list[CostItem]


class Result(Word):
    """All of it: what `cordon playtest run --json` prints."""

    alarms: list[AlarmResult]
    incidents: list[IncidentResult]
    fleet_diff: list[FleetChange]
    rejected: list[Rejection]
    dead_letters: list[DeadLetter]
    pages: list[Page]
    policy: PolicyResult
    cost: Cost
