"""The ledger: what is planned for an incident, what was done of it, by whom, when; and the holds that go with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cordon import clock
from cordon.errors import LockHeld, NotTheClaimant, PlanMissing, PlanUnworkable
from cordon.incidents import rows
from cordon.incidents.holds import take
from cordon.incidents.record import Incidents, due, parsed, stamp, still_claimed, timeline_row
from cordon.incidents.table import ConditionFailed, Row, Write, delete, key, put, update
from cordon.model.change import ChangeStatus, Effect, EffectRecord, LedgerEntry, Plan
from cordon.model.evidence import EvidenceRef
from cordon.model.incident import Decision, IncidentStatus, Mode

MOST_CHANGES = 80
"""A plan is recorded in one transaction, and DynamoDB takes 100 writes in one."""


class Ledger:
    """The ledger of one incident, written by the execution that has claimed it."""

    def __init__(self, incidents: Incidents, incident_id: str, execution: str) -> None:
        """Write for `execution` (its ARN), which is the actor of every entry."""
        self._incidents, self._table = incidents, incidents.table
        self._id, self.actor = incident_id, execution

    def entries(self) -> list[LedgerEntry]:
        """Return the plan's changes in their order, each with how far it has come."""
        return [parsed(LedgerEntry, row) for row in self._incidents.rows_of(self._id, "CHANGE#")]

    def planned(self) -> list[LedgerEntry]:
        """Return the entries of a plan that must be there.

        Raises:
            PlanMissing: the incident was never assessed by this execution.
        """
        if self._incidents.claimed(self._id, self.actor).assessed_by != self.actor:
            raise PlanMissing(f"{self._id} has no plan of {self.actor}")
        return self.entries()

    def effects(self) -> list[EffectRecord]:
        """Return every effect that was brought about, in order."""
        return [parsed(EffectRecord, row) for row in self._incidents.rows_of(self._id, "EFFECT#")]

    def record_plan(
        self,
        plan: Plan,
        *,
        mode: Mode,
        decision: Decision,
        reasons: list[str],
        capsule: EvidenceRef | None,
        **assessed_by_policy: Any,
    ) -> None:
        """Record the plan and what was decided of it, in place of an earlier one of which nothing was done.

        `assessed_by_policy` are further fields of the incident (JSON values): which policy it was assessed by.

        Raises:
            NotTheClaimant: the incident is not this execution's, or a change of the earlier plan was made already.
            PlanUnworkable: more changes than one transaction holds.
        """
        if len(plan.changes) > MOST_CHANGES:
            raise PlanUnworkable(f"{len(plan.changes)} changes; a plan holds {MOST_CHANGES} at most")
        assessed: Row = {
            "assessed_by": self.actor,
            "mode": mode,
            "decision": decision,
            "reasons": reasons,
            "plan_hash": plan.hash,
            "plan_gaps": [gap.model_dump(mode="json") for gap in plan.gaps],
            "plan_effects": [effect.model_dump(mode="json") for effect in plan.effects],
            "capsule": capsule.model_dump(mode="json") if capsule else None,
            **assessed_by_policy,
            "updated_at": stamp(clock.now()),
            # ClaimIncident is no code of ours and cannot add minutes: the sweep's patience is lengthened here.
            **due(IncidentStatus.RESPONDING),
        }
        writes = [self._head(assessed), *self._plan_rows(plan)]
        facts = {"decision": decision, "plan_hash": plan.hash, "reasons": reasons}
        try:
            self._table.write(*writes, put(timeline_row(self._id, "assessed", self.actor, facts)))
        except ConditionFailed as error:
            raise NotTheClaimant(f"{self._id} is not {self.actor}'s to plan any more") from error

    def attempt(self, entry: LedgerEntry) -> None:
        """Record that the change is about to be made, and hold its resource, before the call.

        Raises:
            NotTheClaimant: the incident is no longer this execution's; the call must not be made.
            LockHeld: the resource is being put back for another incident.
        """
        self._hold(entry, ChangeStatus.ATTEMPTED, "attempted_at", origin=entry.change.before)

    def applied(self, entry: LedgerEntry) -> None:
        """Record that the change was made, also when the incident was taken away meanwhile: it is a fact."""
        self._write(self._moved(entry, ChangeStatus.APPLIED, "applied_at"), self._first_contained())

    def found(self, entry: LedgerEntry) -> None:
        """Record that the resource was as wanted already. It is held all the same, and so is what it was before.

        Raises:
            NotTheClaimant: the incident is no longer this execution's, and nothing is held for it.
            LockHeld: the resource is being put back for another incident.
        """
        self._hold(entry, ChangeStatus.FOUND, "verified_at", origin=entry.change.after)

    def verified(self, entries: Iterable[LedgerEntry]) -> None:
        """Record which changes that we made were read back.

        Raises:
            NotTheClaimant: the incident is no longer this execution's.
        """
        marked = [
            self._moved(entry, ChangeStatus.VERIFIED, "verified_at")
            for entry in entries
            if entry.status is ChangeStatus.APPLIED
        ]
        if marked:
            self._write(still_claimed(self._id, self.actor), *marked)

    def brought_about(self, effect: Effect, outcome: str) -> None:
        """Record an effect and what came of it."""
        at = clock.now()
        record = EffectRecord(effect=effect, outcome=outcome, at=at, actor=self.actor)
        row = key(rows.of_incident(self._id), f"EFFECT#{stamp(at)}#{effect.resource}")
        self._table.write(put({**row, **record.model_dump(mode="json")}, condition=None))

    def _moved(self, entry: LedgerEntry, status: ChangeStatus, moment: str) -> Write:
        """Return the write that moves an entry to a status, at `moment` (the name of its field)."""
        return update(
            key(rows.of_incident(self._id), rows.change(entry.number)),
            set_={"status": status, "actor": self.actor, moment: stamp(clock.now())},
        )

    def _write(self, *writes: Write) -> None:
        try:
            self._table.write(*writes)
        except ConditionFailed as error:
            raise NotTheClaimant(f"{self._id} was taken from {self.actor}") from error

    def _head(self, fields: Row) -> Write:
        return update(
            key(rows.of_incident(self._id), rows.HEAD),
            set_=fields,
            condition="claimed_by = :me",
            me=self.actor,
        )

    def _plan_rows(self, plan: Plan) -> list[Write]:
        pk = rows.of_incident(self._id)
        entries = [LedgerEntry(number=n, change=change) for n, change in enumerate(plan.changes, start=1)]
        untouched = "attribute_not_exists(pk) OR #status = :planned"
        kept = [
            put(
                {**key(pk, rows.change(entry.number)), **entry.model_dump(mode="json")},
                condition=untouched,
                planned=ChangeStatus.PLANNED,
            )
            for entry in entries
        ]
        gone = [
            delete(key(pk, rows.change(entry.number)), condition=untouched, planned=ChangeStatus.PLANNED)
            for entry in self.entries()[len(entries) :]
        ]
        return kept + gone

    def _hold(self, entry: LedgerEntry, status: ChangeStatus, moment: str, *, origin: Any) -> None:
        held = take(entry.change, self._id, origin=origin)
        try:
            self._table.write(still_claimed(self._id, self.actor), self._moved(entry, status, moment), held)
        except ConditionFailed as error:
            if 0 in error.failed:
                raise NotTheClaimant(f"{self._id} was taken from {self.actor}") from error
            raise LockHeld(f"{entry.change.resource} is being put back for another incident") from error

    def _first_contained(self) -> Write:
        return update(key(rows.of_incident(self._id), rows.HEAD), set_once={"first_contained_at": stamp(clock.now())})
