"""What the desk answers, as far as the commands read it: a newer desk may say more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

from cordon.model.approval import RequestStatus
from cordon.model.incident import IncidentStatus
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oncall.errors import Failed
from oncall.incident_path import INCIDENT_ID

IncidentId = Annotated[str, Field(pattern=rf"^{INCIDENT_ID.pattern}$")]


class Answer(BaseModel):
    """A part of an answer: what this version does not know is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ShownChange(Answer):
    """One change of the plan: what is there, what shall be there, and whom it hits."""

    action: str
    resource: str
    before: Any
    after: Any
    reversible: bool = True
    hits: list[str] = Field(default_factory=list)


class ShownEffect(Answer):
    """One act without a before, such as dropping a session."""

    action: str
    resource: str
    hits: list[str] = Field(default_factory=list)


class ShownGap(Answer):
    """A way by which the thing can still act afterwards, and why."""

    resource: str
    reason: str


class ShownPlan(Answer):
    """A plan as it is put before a person. `hash` is what an approval names."""

    hash: str
    changes: list[ShownChange] = Field(default_factory=list)
    effects: list[ShownEffect] = Field(default_factory=list)
    gaps: list[ShownGap] = Field(default_factory=list)

    @property
    def things_hit(self) -> list[str]:
        """Every thing that the plan would affect, in order of name."""
        everything: list[ShownChange | ShownEffect] = [*self.changes, *self.effects]
        return sorted({thing for part in everything for thing in part.hits})


class Outlook(Answer):
    """A dry run: the plan, and what would become of it. `blockers` and `questions` are sentences."""

    playbook: str
    thing_name: str | None
    mode: str
    containment: str | None = None
    decision: str
    plan: ShownPlan
    blockers: list[str] = Field(default_factory=list)
    questions: list[str] = Field(default_factory=list)
    identities_needed: int = 1


class DecisionMade(Answer):
    """What one person decided: who (as AWS signed it), what, when, and why."""

    identity: str
    decision: str
    at: datetime
    reason: str | None = None


class Approval(Answer):
    """The request that is, or was, before people. `cleared_at`: when the alarm was said to be over, if it was."""

    status: RequestStatus
    plan_hash: str
    requested_at: datetime
    expires_at: datetime
    requested_by: str | None = None
    identities_needed: int
    irreversible: bool = False
    cleared_at: datetime | None = None
    decisions: list[DecisionMade] = Field(default_factory=list)


class IncidentSeen(Answer):
    """An incident as the desk shows it."""

    id: IncidentId
    status: IncidentStatus
    playbook: str
    thing_name: str | None
    severity: str
    summary: str
    reasons: list[str] = Field(default_factory=list)
    reassess: bool = False
    """It is observed, and is about to be assessed again."""
    plan: ShownPlan | None = None
    approval: Approval | None = None
    ticket: str | None = None

    @property
    def asks(self) -> bool:
        """Say whether its plan waits for an answer of people."""
        is_pending = self.approval is not None and self.approval.status is RequestStatus.PENDING
        return self.status is IncidentStatus.AWAITING_APPROVAL and is_pending


class Started(Answer):
    """What became of a request to respond: `became` is `opened`, or `joined` where an incident was open already."""

    incident_id: IncidentId
    became: str
    identity: str


class Decided(Answer):
    """What became of a decision: where the request stands now, and whose word counts."""

    status: RequestStatus
    identity: str
    approved_by: list[str]
    identities_needed: int


_A = TypeVar("_A", bound=Answer)


def read(kind: type[_A], answer: dict[str, Any]) -> _A:
    """Return the answer as a value.

    Raises:
        Failed: it is not of the form that this version knows.
    """
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Failed(f"the desk answers what this version does not understand: {where}: {first['msg']}") from None
