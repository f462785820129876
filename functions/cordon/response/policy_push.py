"""One try at putting a response policy in force. What loosens anything takes two people, each with the whole policy.

The object is written first, then people are paged, then the row is written that names its version: who dies before the
last has changed nothing, and nothing counts of which nobody could be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import AwareDatetime

from cordon import clock
from cordon.errors import SameIdentity, StalePolicy
from cordon.incidents import rows
from cordon.incidents.record import parsed, stamp
from cordon.incidents.table import Row, Table, Write, check, delete, key, put
from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.person import is_same_person
from cordon.model.response_policy import PROPOSAL_LASTS, ResponsePolicy
from cordon.response.loosening import loosenings
from cordon.response.push_page import page_of_force, page_of_proposal

_MOST_SENTENCES = 50
"""Of the ways in which a policy loosens: a row has 400 KB, and nobody reads more."""


@dataclass(frozen=True)
class Head:
    """What was in force when the push began: the row, and the policy; without one, what is wrong with it."""

    row: Row | None
    policy: ResponsePolicy | None
    trouble: str | None

    @property
    def hash(self) -> str | None:
        """The hash by which people know it: None where there is no policy, or none to be read."""
        return self.row["hash"] if self.row and self.policy else None

    def unchanged(self) -> tuple[str, dict[str, str]]:
        """Return the condition, and its values, that the same policy is in force still."""
        return ("#hash = :seen", {"seen": self.row["hash"]}) if self.row else ("attribute_not_exists(pk)", {})


class Proposal(Word):
    """A push that loosens something and waits for a second person. `base` is the hash of what was in force then."""

    hash: str
    base: str | None
    by: str
    at: AwareDatetime
    loosenings: list[str]

    @property
    def expires(self) -> datetime:
        """The first moment at which nobody can second it any more."""
        return self.at + PROPOSAL_LASTS

    def waits_at(self, now: datetime) -> bool:
        """Say whether it may be seconded at `now`. One from the future is of a clock that was wrong, and may not."""
        return self.at <= now < self.expires

    def unchanged(self) -> tuple[str, dict[str, str]]:
        """Return the condition, and its values, that this proposal stands still."""
        return "#hash = :proposed AND #by = :by AND #at = :at", {
            "proposed": self.hash,
            "by": self.by,
            "at": stamp(self.at),
        }


class Pushed(Word):
    """What came of a push. `needs` says, in a sentence, what must happen before it counts; None: it is in force.

    `version` is the S3 version of the policy in force; None while it is only proposed.
    """

    status: Literal["in_force", "proposed"]
    hash: str
    version: str | None
    loosenings: list[str]
    needs: str | None


class Keep(Protocol):
    """Writes the object of a policy, and returns its S3 version."""

    def __call__(self, policy: ResponsePolicy, *, proposed: bool) -> str | None:
        """Write it as proposed, or as one that a row may put in force."""


class Tell(Protocol):
    """Pages people."""

    def __call__(self, subject: str, message: str, /) -> None:
        """Send a page, or raise: a push of which nobody can be told does not count."""


@dataclass(frozen=True)
class Push:
    """A policy that the identity `by` pushes, who saw the one with the hash `base` in force, and what that takes."""

    policy: ResponsePolicy
    by: str
    base: str | None
    table: Table
    keep: Keep
    tell: Tell


def push_once(push: Push, head: Head) -> Pushed:
    """Put the policy in force or propose it, if nobody pushes anything meanwhile.

    Raises:
        StalePolicy, SameIdentity: see `Policies.push`.
        ConditionFailed: somebody else pushed; nothing of this push counts.
    """
    policy, base = push.policy, push.base
    if head.row and head.row["hash"] == policy.hash and head.policy:
        return Pushed(status="in_force", hash=policy.hash, version=head.row["version_id"], loosenings=[], needs=None)
    if base != head.hash:
        raise StalePolicy(
            f"another response policy is in force ({_short(head.hash)}) than the one that this was compared with "
            f"({_short(base)}): look at the difference again"
        )
    looser = _loosenings(head, policy)
    if not looser:
        return _put_in_force(push, head)
    standing = proposal_in(push.table.get(rows.POLICY, rows.PROPOSAL))
    if standing and standing.waits_at(clock.now()) and (standing.hash, standing.base) == (policy.hash, base):
        if is_same_person(standing.by, push.by):
            raise SameIdentity(
                f"{standing.by} has pushed it already: another person must, until {standing.expires.isoformat()}"
            )
        return _put_in_force(push, head, seconded=standing)
    proposal = Proposal(hash=policy.hash, base=base, by=push.by, at=clock.now(), loosenings=looser)
    return _propose(push, head, proposal, instead_of=standing)


def proposal_in(row: Row | None) -> Proposal | None:
    """Return the proposal that a row holds.

    Raises:
        RecordUnreadable: it holds none.
    """
    return parsed(Proposal, row) if row else None


def _loosenings(head: Head, policy: ResponsePolicy) -> list[str]:
    if head.row and not head.policy:  # whatever is there may have been tighter than anything
        return [f"{head.trouble}: nothing can be compared with it"]
    found = loosenings(head.policy, policy, clock.now())
    more = len(found) - _MOST_SENTENCES
    return found[:_MOST_SENTENCES] + ([f"and {more} more"] if more > 0 else [])


def _put_in_force(push: Push, head: Head, *, seconded: Proposal | None = None) -> Pushed:
    policy, by, looser = push.policy, push.by, seconded.loosenings if seconded else []
    version, at = push.keep(policy, proposed=False), stamp(clock.now())
    facts: Row = {"hash": policy.hash, "version_id": version, "pushed_by": by, "at": at}
    facts |= {"proposed_by": seconded.by} if seconded else {}
    facts |= {"schema_version": SCHEMA_VERSION}
    proposed_by = seconded.by if seconded else None
    told = page_of_force(policy.hash, by=by, before=head.hash, proposed_by=proposed_by, looser=looser)
    push.tell("Cordon: a response policy is put in force", told)
    condition, values = head.unchanged()
    push.table.write(
        put({**key(rows.POLICY, rows.POLICY_HEAD), **facts}, condition=condition, **values),
        put({**key(rows.POLICY, f"{rows.PUSHES}{at}#{policy.hash[:12]}"), **facts}, condition=None),
        _without_proposal(seconded),
    )
    return Pushed(status="in_force", hash=policy.hash, version=version, loosenings=looser, needs=None)


def _without_proposal(seconded: Proposal | None) -> Write:
    """Take the proposal away: the one that was seconded, or one that is about what is in force no longer."""
    row_key = key(rows.POLICY, rows.PROPOSAL)
    if seconded is None:
        return delete(row_key)
    condition, values = seconded.unchanged()
    return delete(row_key, condition=condition, **values)


def _propose(push: Push, head: Head, proposal: Proposal, *, instead_of: Proposal | None) -> Pushed:
    push.keep(push.policy, proposed=True)
    told = page_of_proposal(proposal.hash, by=proposal.by, before=head.hash, looser=proposal.loosenings)
    push.tell("Cordon: a response policy that loosens is proposed", told)
    facts: Row = proposal.model_dump(mode="json") | {"at": stamp(proposal.at), "schema_version": SCHEMA_VERSION}
    condition, values = instead_of.unchanged() if instead_of else ("attribute_not_exists(pk)", {})
    still, seen = head.unchanged()
    push.table.write(
        put({**key(rows.POLICY, rows.PROPOSAL), **facts}, condition=condition, **values),
        check(key(rows.POLICY, rows.POLICY_HEAD), still, **seen),
    )
    needs = f"it loosens the policy: another person must push the very same one until {proposal.expires.isoformat()}"
    return Pushed(status="proposed", hash=proposal.hash, version=None, loosenings=proposal.loosenings, needs=needs)


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "none"
