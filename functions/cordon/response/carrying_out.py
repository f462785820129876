"""Carries out changes of a recorded plan, so that it may die between any two lines and be run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cordon.actions.action import Action
from cordon.errors import PlanConflict
from cordon.incidents.ledger import Ledger
from cordon.model.change import Change, ChangeStatus, LedgerEntry
from cordon.model.text import quoted

_NEW = frozenset({ChangeStatus.PLANNED, ChangeStatus.ATTEMPTED})
"""Of a change that has come further: whoever put the resource back since then wants it otherwise."""


def carry_out(ledger: Ledger, actions: Mapping[str, Action], is_wanted: Callable[[Change], bool]) -> None:
    """Make every change of the incident's plan that `is_wanted` by the step, in the plan's order.

    Raises:
        PlanMissing, NotTheClaimant: the plan is not this execution's to carry out.
        PlanConflict: a resource is neither as it was nor as it shall be; it is left as it is.
    """
    for entry in ledger.planned():
        if is_wanted(entry.change):
            _make(entry, actions[entry.change.action], ledger)


def _make(entry: LedgerEntry, action: Action, ledger: Ledger) -> None:
    change = entry.change
    there = action.read(change.resource)
    if there == change.after:
        _already(entry, ledger)
    elif there != change.before or entry.status not in _NEW:
        raise PlanConflict(f"{change.resource} is {quoted(there)}; the plan expected {quoted(change.before)}")
    else:
        ledger.attempt(entry)
        action.apply(change)
        ledger.applied(entry)


def _already(entry: LedgerEntry, ledger: Ledger) -> None:
    """Record a change that is there: made by us before we died, or by somebody else, which is not ours to undo."""
    if entry.status is ChangeStatus.ATTEMPTED:
        ledger.applied(entry)
    elif entry.status is ChangeStatus.PLANNED:
        ledger.found(entry)
