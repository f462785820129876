"""A plan and what it is made of: changes (before, after) and effects (acts without a before)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from cordon.model.base import SCHEMA_VERSION, Word, canonical_json, sha256_hex


class Change(Word):
    """One concrete change of one resource: what is there, what shall be there, and everything it would hit.

    `resource` is a path that only its action takes apart, such as `certificate/<64 hex>`. `before` and `after` are
    JSON. `hits` names every thing that the change would affect, not only the one that it is meant for.
    """

    action: str
    resource: str
    before: Any
    after: Any
    reversible: bool = True
    hits: list[str] = Field(default_factory=list)

    def inverse(self) -> Change:
        """Return the change that puts back what was there.

        Raises:
            ValueError: the change cannot be undone.
        """
        if not self.reversible:
            raise ValueError(f"{self.action} of {self.resource} cannot be undone")
        return self.model_copy(update={"before": self.after, "after": self.before})


class Effect(Word):
    """An act without a before, such as dropping a session: repeatable, and nothing of it can be undone."""

    action: str
    resource: str
    hits: list[str] = Field(default_factory=list)


class Gap(Word):
    """A way by which the thing can still act once a plan is carried out; it makes the incident partial.

    `resource` is `sts/…`, `connection/…`, `principal/…` or `group/…`; the reason is a sentence.
    """

    resource: str
    reason: str


class Plan(Word):
    """The ordered changes and effects of an incident, and the gaps that no change of ours closes."""

    schema_version: int = SCHEMA_VERSION
    changes: list[Change] = Field(default_factory=list)
    effects: list[Effect] = Field(default_factory=list)
    gaps: list[Gap] = Field(default_factory=list)

    @property
    def hash(self) -> str:
        """SHA-256 over the changes: what a person approves. Sessions (the effects) come and go, and are left out."""
        return sha256_hex(canonical_json([change.model_dump(mode="json") for change in self.changes]))

    @property
    def things_hit(self) -> frozenset[str]:
        """Every thing that the plan would affect: its blast radius, counted and not guessed."""
        everything: list[Change | Effect] = [*self.changes, *self.effects]
        return frozenset(thing for part in everything for thing in part.hits)


class ChangeStatus(StrEnum):
    """How far one change of the plan has come in the ledger."""

    PLANNED = "planned"
    ATTEMPTED = "attempted"
    """About to be made: the call may or may not have taken effect."""
    APPLIED = "applied"
    FOUND = "found"
    """Already so when we came, by somebody else's hand: not ours to undo."""
    VERIFIED = "verified"
    """Made by us and read back."""
    UNDOING = "undoing"
    """About to be put back: the call may or may not have taken effect."""
    UNDONE = "undone"
    """As it was before any incident held it."""
    RELEASED = "released"
    """No longer held for this incident, and left as it is: another one needs it so."""


class Hold(Word):
    """The claim of one or more incidents that a resource stays as it was changed.

    `before` is what was there before the first of them changed it: the origin, to which the last of them puts it back.
    """

    resource: str
    action: str
    holders: list[str]
    before: Any
    after: Any
    put_back_by: str | None = None
    """The incident for which it is being put back at this moment: until that is done nobody else may hold it."""


class LedgerEntry(Word):
    """One change in the ledger: what was planned, and what has been done about it, when and by whom."""

    schema_version: int = SCHEMA_VERSION
    number: int = Field(ge=1)
    change: Change
    status: ChangeStatus = ChangeStatus.PLANNED
    actor: str | None = None
    attempted_at: AwareDatetime | None = None
    applied_at: AwareDatetime | None = None
    verified_at: AwareDatetime | None = None
    undone_at: AwareDatetime | None = None


class EffectRecord(Word):
    """One effect that was brought about: the act, what came of it, when and by whom."""

    schema_version: int = SCHEMA_VERSION
    effect: Effect
    outcome: str
    at: AwareDatetime
    actor: str
