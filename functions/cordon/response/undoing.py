"""Puts back what an incident changed, unless another incident needs it so or somebody else has changed it since.

All of it or nothing: everything is looked at first, and where a person must decide about one resource nothing is put
back at all. Half an undone plan is worse than either end: the thing would be neither contained nor at work, and the
ledger runs backwards, so that its certificates are what opens last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cordon.actions.action import Action
from cordon.errors import PlanConflict
from cordon.incidents.ledger import Ledger
from cordon.incidents.locks import free_lock, take_lock
from cordon.incidents.undo_ledger import HoldChanged, UndoLedger
from cordon.model.change import Change, ChangeStatus, Hold, LedgerEntry
from cordon.model.incident import Incident
from cordon.model.text import quoted
from cordon.response.escalation import Escalation

_NOTHING_LEFT = frozenset({ChangeStatus.PLANNED, ChangeStatus.UNDONE, ChangeStatus.RELEASED})
_BY_ANOTHER_HAND = frozenset({ChangeStatus.FOUND})
_MOST_TRIES = 5
"""How often a hold may pass between incidents while it is given up: each can do so only once or twice."""


@dataclass(frozen=True)
class Undone:
    """What became of it. `conflicts` are sentences; with any of them, or anything irreversible, nothing is put back."""

    put_back: list[Change] = field(default_factory=list)
    handed_over: list[Change] = field(default_factory=list)
    """Left as they are, because another incident needs them so: put back when the last of them is undone."""
    conflicts: list[str] = field(default_factory=list)
    irreversible: list[Change] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Say whether nothing of the incident is left changed, as far as other incidents do not need it."""
        return not self.conflicts and not self.irreversible


def put_back(incident: Incident, ledger: Ledger, actions: Mapping[str, Action], escalation: Escalation) -> Undone:
    """Undo the incident for the ledger's actor, last change first; run again, it goes on where it stopped.

    With a conflict, or a change that cannot be undone, nothing is touched and the incident is put before a person.

    Raises:
        LockHeld: another execution is changing the thing.
        NotTheClaimant: the incident was moved meanwhile.
        Throttled: AWS does not let go of a policy yet (up to five minutes after it was detached); try again.
    """
    table = escalation.incidents.table
    undo = UndoLedger(escalation.incidents, incident, ledger.actor)
    left = [entry for entry in reversed(undo.entries()) if entry.status not in _NOTHING_LEFT]
    if left:
        take_lock(table, incident.thing, incident_id=incident.id, execution=ledger.actor)
    irreversible = [entry.change for entry in left if not entry.change.reversible and not _is_found(entry)]
    conflicts = [] if irreversible else _conflicts(left, undo, actions)
    if not irreversible and not conflicts:
        conflicts = _put_all_back(left, undo, actions)
    if irreversible or conflicts:
        escalation.escalate(incident.id, ledger.actor, _reason(irreversible, conflicts), paged=False)
        escalation.incidents.note(incident.id, "not undone", ledger.actor, {"conflicts": conflicts})
    free_lock(table, incident.subject, execution=ledger.actor)
    return _told(undo, conflicts, irreversible)


def _conflicts(left: list[LedgerEntry], undo: UndoLedger, actions: Mapping[str, Action]) -> list[str]:
    """Say what is neither as this incident left it nor as it was before, so that it is not ours to put back."""
    found = []
    for entry in left:
        hold = undo.hold(entry)
        if undo.is_needed(hold) or _origin(entry, hold) == entry.change.after:
            continue  # somebody else's to put back, or nothing that was ever changed
        there = actions[entry.change.action].read(entry.change.resource)
        if there in (entry.change.after, _origin(entry, hold)):
            continue
        found.append(_conflict(entry, hold, there))
        if entry.status is ChangeStatus.UNDOING:
            undo.kept(entry, hold)  # an earlier run died over it
    return found


def _put_all_back(left: list[LedgerEntry], undo: UndoLedger, actions: Mapping[str, Action]) -> list[str]:
    """Put everything back; stop at a change that somebody makes in these very moments, and say so."""
    try:
        for entry in left:
            _give_up(entry, undo, actions[entry.change.action])
    except PlanConflict as conflict:
        return [str(conflict)]
    return []


def _give_up(entry: LedgerEntry, undo: UndoLedger, action: Action) -> None:
    """Put one resource back, or leave it to the incidents that need it; who needs it may change until it is written."""
    for _ in range(_MOST_TRIES - 1):
        try:
            return _try_to_give_up(entry, undo, action)
        except HoldChanged:
            continue
    return _try_to_give_up(entry, undo, action)


def _try_to_give_up(entry: LedgerEntry, undo: UndoLedger, action: Action) -> None:
    hold = undo.hold(entry)
    if undo.is_needed(hold):
        return undo.released(entry)
    origin, change = _origin(entry, hold), entry.change
    if origin == change.after:
        return undo.undone(entry, hold)
    undo.undoing(entry, hold)
    there = action.read(change.resource)
    if there == change.after:
        inverse = change.model_copy(update={"before": change.after, "after": origin})
        try:
            action.apply(inverse)
        except PlanConflict:
            undo.kept(entry, hold)
            raise
    elif there != origin:
        undo.kept(entry, hold)
        raise PlanConflict(_conflict(entry, hold, there))
    return undo.undone(entry, hold)


def _origin(entry: LedgerEntry, hold: Hold | None) -> Any:
    """Return what was there before any incident; without a hold, what the ledger says was there before this one."""
    if hold is not None:
        return hold.before
    return entry.change.after if _is_found(entry) else entry.change.before


def _is_found(entry: LedgerEntry) -> bool:
    return entry.status in _BY_ANOTHER_HAND


def _conflict(entry: LedgerEntry, hold: Hold | None, there: Any) -> str:
    change = entry.change
    was, left = quoted(_origin(entry, hold)), quoted(change.after)
    return f"{change.resource} is {quoted(there)}; it was {was}, and Cordon left it {left}"


def _reason(irreversible: list[Change], conflicts: list[str]) -> str:
    """Return why a person must undo it, as a sentence."""
    if irreversible:
        return f"it cannot be undone: {', '.join(change.resource for change in irreversible)}"
    return f"it was not undone, because somebody else changed something: {'; '.join(conflicts)}"


def _told(undo: UndoLedger, conflicts: list[str], irreversible: list[Change]) -> Undone:
    """Tell from the ledger what became of it, so that a second run tells the same."""
    entries = undo.entries()
    return Undone(
        put_back=[entry.change for entry in entries if entry.status is ChangeStatus.UNDONE],
        handed_over=[entry.change for entry in entries if entry.status is ChangeStatus.RELEASED],
        conflicts=conflicts,
        irreversible=irreversible,
    )
