"""An incident: one thing, one playbook, from the first alarm until it is over."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field

from cordon.model.alarm import Attribution, Severity
from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.change import Effect, Gap
from cordon.model.evidence import EvidenceRef
from cordon.model.thing import Criticality


class Mode(StrEnum):
    """How far a playbook may go without a person; later is further."""

    OBSERVE = "observe"
    APPROVE = "approve"
    AUTOMATIC = "automatic"

    @classmethod
    def narrowest(cls, *modes: Mode) -> Mode:
        """Return the one of these that goes least far."""
        return min(modes, key=list(cls).index)


class Containment(StrEnum):
    """What a plan does to a thing: cut it off, or deny it some topics and leave it connected."""

    ISOLATE = "isolate"
    RESTRICT = "restrict"


class Decision(StrEnum):
    """What an assessment came to: show the plan, ask for approval, carry it out, or put it before a person."""

    OBSERVE = "observe"
    APPROVE = "approve"
    AUTOMATIC = "automatic"
    ESCALATE = "escalate"
    OUTBREAK = "outbreak"
    """Part of an outbreak, about which a person was told already: recorded, and nobody is paged again."""


class IncidentStatus(StrEnum):
    """Where an incident stands. `TRANSITIONS` says which status may follow which."""

    OPENED = "opened"
    RESPONDING = "responding"
    AWAITING_APPROVAL = "awaiting_approval"
    OBSERVED = "observed"
    CONTAINED = "contained"
    PARTIAL = "partial"
    ESCALATED = "escalated"
    STOOD_DOWN = "stood_down"
    RESTORING = "restoring"
    RESTORED = "restored"
    CLOSED = "closed"


UNKNOWN_THING = "(no thing)"
"""Stands where a thing's name would: no thing can be called that."""

_S = IncidentStatus
TRANSITIONS: dict[IncidentStatus, frozenset[IncidentStatus]] = {
    _S.OPENED: frozenset({_S.RESPONDING, _S.ESCALATED}),
    _S.RESPONDING: frozenset(set(_S) - {_S.OPENED, _S.RESPONDING}),
    _S.AWAITING_APPROVAL: frozenset({_S.RESPONDING, _S.STOOD_DOWN, _S.ESCALATED}),
    # Responding: a sighting of an observed incident is assessed again, by a new execution.
    _S.OBSERVED: frozenset({_S.RESPONDING, _S.CLOSED, _S.ESCALATED}),
    _S.CONTAINED: frozenset({_S.RESTORING, _S.STOOD_DOWN, _S.ESCALATED}),
    _S.PARTIAL: frozenset({_S.CONTAINED, _S.RESTORING, _S.STOOD_DOWN, _S.ESCALATED}),
    _S.ESCALATED: frozenset(set(_S) - {_S.ESCALATED}),
    _S.STOOD_DOWN: frozenset({_S.CLOSED, _S.ESCALATED}),
    _S.RESTORING: frozenset({_S.RESTORED, _S.CONTAINED, _S.ESCALATED}),
    _S.RESTORED: frozenset({_S.CONTAINED, _S.CLOSED, _S.ESCALATED}),
    _S.CLOSED: frozenset(),
}

DETAIL_TYPE: dict[IncidentStatus, str] = {
    _S.OPENED: "Incident Opened",
    _S.AWAITING_APPROVAL: "Approval Requested",
    _S.OBSERVED: "Incident Observed",
    _S.CONTAINED: "Incident Contained",
    _S.PARTIAL: "Incident Escalated",
    _S.ESCALATED: "Incident Escalated",
    _S.STOOD_DOWN: "Incident Stood Down",
    _S.RESTORED: "Incident Restored",
    _S.CLOSED: "Incident Closed",
}
"""The event on the Cordon bus that announces a status; a status without one is announced to nobody."""


class LegOutcome(StrEnum):
    """How one way into the broker ended: turned away, gone at every look, still there, or not known."""

    REFUSED = "refused"
    ABSENT = "absent"
    CONNECTED = "connected"
    UNKNOWN = "unknown"


class Leg(Word):
    """One way by which the thing could still act, and what was seen of it when containment was verified.

    `resource` is named like a change's (`connection/…`, `certificate/…`) or a gap's. Only `refused` and
    `absent` count as proven; anything else makes the incident partial, for the reason in `reason`.
    """

    resource: str
    outcome: LegOutcome
    reason: str

    @property
    def proven(self) -> bool:
        """Say whether this leg is known to be cut."""
        return self.outcome in {LegOutcome.REFUSED, LegOutcome.ABSENT}


class Incident(Word):
    """The head of one incident's record. Changes, sightings, timeline and evidence are rows of their own."""

    schema_version: int = SCHEMA_VERSION
    id: str
    playbook: str
    thing_name: str | None = None
    """None: nothing that came in says which thing it is about."""
    status: IncidentStatus
    severity: Severity
    """The worst that any of its alarms has had."""
    sure_severity: Severity | None = None
    """The worst of the alarms that are surely about its thing; None: there is none, or an earlier version kept none."""
    account: str
    region: str
    summary: str
    """The opening alarm's, inert already."""
    opened_by: str
    """Id of the alarm that opened it."""
    opened_at: AwareDatetime
    alarm_raised_at: AwareDatetime
    alarm_received_at: AwareDatetime
    updated_at: AwareDatetime
    sightings: int = Field(ge=1)
    newest: str | None = None
    """Id of the newest alarm that ties the thing as surely as `attribution`; None: an earlier version kept none."""
    newest_at: AwareDatetime | None = None
    """When its detector saw that, and no later than it reached us."""
    worse: bool = False
    """Its severity rose while people had it, and they have not been told yet."""
    claimed_by: str | None = None
    """ARN of the execution that answers it."""
    claimed_at: AwareDatetime | None = None
    reassess: bool = False
    """A sighting came while it was observed: an execution may claim it again."""
    questioned: bool = False
    """A sighting came after its proof, and no execution has begun to look yet."""
    open_key: str
    """Partition of the row that keeps a second incident of the same subject and playbook from being opened."""
    requested_by: str | None = None
    """Identity of the person who asked for it at the desk; None: an alarm opened it, or nobody knows who asked."""
    attribution: Attribution | None = None
    """How the opening alarm was tied to the thing."""
    outbreak: str | None = None
    """Id of the outbreak incident that it is attached to."""
    criticality: Criticality | None = None
    """The thing's, when it was assessed; None: no thing could be read."""
    mode: Mode | None = None
    containment: Containment | None = None
    policy_version: str | None = None
    """S3 version of the response policy that the assessment went by; None: none could be read."""
    policy_hash: str | None = None
    decision: Decision | None = None
    reasons: list[str] = Field(default_factory=list)
    plan_hash: str | None = None
    plan_gaps: list[Gap] = Field(default_factory=list)
    plan_effects: list[Effect] = Field(default_factory=list)
    capsule: EvidenceRef | None = None
    assessed_by: str | None = None
    """ARN of the execution whose assessment stands here: when its step runs again, it is not assessed again."""
    first_contained_at: AwareDatetime | None = None
    """When the first containment call had been made."""
    proven_at: AwareDatetime | None = None
    legs: list[Leg] = Field(default_factory=list)
    paged_at: AwareDatetime | None = None

    @property
    def thing(self) -> str:
        """The thing's name, for a step that changes one: without a thing there is no plan to carry out.

        Raises:
            ValueError: no thing is known.
        """
        if self.thing_name is None:
            raise ValueError(f"{self.id} is about no thing")
        return self.thing_name

    @property
    def last_seen_at(self) -> datetime:
        """When its thing was last seen to do what the alarms say, as far as their detectors' clocks are believed."""
        return self.newest_at or min(self.alarm_raised_at, self.alarm_received_at)

    @property
    def surely_severe(self) -> Severity | None:
        """The worst severity of what is surely about its thing; None: nothing is."""
        is_sure = self.attribution is None or self.attribution.is_sure
        return self.sure_severity or (self.severity if is_sure else None)

    @property
    def subject(self) -> str:
        """What it is about, for people: the thing's name, or that no thing is known."""
        return self.thing_name or UNKNOWN_THING
