from __future__ import annotations

from typing import Any

import pytest
from cordon.actions.action import Action
from cordon.errors import NotTheClaimant, PlanConflict
from cordon.incidents import rows
from cordon.incidents.ledger import Ledger
from cordon.model.change import Change, LedgerEntry
from cordon.response.carrying_out import carry_out

from ..conftest import ME, OTHER, Bed

VALVE = Change(action="turn", resource="valve/1", before="open", after="shut")
SECOND = Change(action="turn", resource="valve/2", before="open", after="shut")


class Died(BaseException):
    """The process ended here."""


class Valves:
    """An action over a few valves, which counts the calls that took effect and may die around one."""

    name = "turn"

    def __init__(self, **valves: str) -> None:
        self.there = {"valve/1": "open", "valve/2": "open"} | {f"valve/{n[1:]}": state for n, state in valves.items()}
        self.calls: list[str] = []
        self.dies: str | None = None

    def read(self, resource: str) -> Any:
        """Say how it stands."""
        return self.there[resource]

    def apply(self, change: Change) -> None:
        """Turn it, and die where that was asked for."""
        self._die("before the call")
        self.there[change.resource] = change.after
        self.calls.append(change.resource)
        self._die("after the call")

    def by_hand(self, change: Change) -> list[str]:
        """Nobody asks."""
        return [change.resource]

    def _die(self, where: str) -> None:
        if self.dies == where:
            self.dies = None
            raise Died


class DyingLedger(Ledger):
    """A ledger whose process dies around one of its writes."""

    dies: str | None = None

    def attempt(self, entry: LedgerEntry) -> None:
        """Record the attempt, or die around it."""
        self._die("before the attempt")
        super().attempt(entry)
        self._die("after the attempt")

    def applied(self, entry: LedgerEntry) -> None:
        """Record the change, or die around it."""
        self._die("before the record")
        super().applied(entry)
        self._die("after the record")

    def _die(self, where: str) -> None:
        if self.dies == where:
            self.dies = None
            raise Died


def run(ledger: Ledger, valves: Valves) -> None:
    """Carry the whole plan out."""
    actions: dict[str, Action] = {"turn": valves}
    carry_out(ledger, actions, lambda change: change.action == "turn")


def statuses(ledger: Ledger) -> list[str]:
    """Return how far each change has come."""
    return [entry.status for entry in ledger.entries()]


def incident_id(bed: Bed) -> str:
    """Return the id of the one open incident."""
    found = bed.open_id("pump-01")
    assert found
    return found


@pytest.mark.parametrize(
    "where",
    [
        "before the attempt",
        "after the attempt",
        "before the call",
        "after the call",
        "before the record",
        "after the record",
    ],
)
def test_a_step_that_dies_anywhere_is_run_again_and_makes_each_change_once(bed: Bed, where: str) -> None:
    """The ledger says of both changes that they were made by us, so that both would be undone."""
    bed.planned(VALVE, SECOND)
    ledger, valves = DyingLedger(bed.incidents, incident_id(bed), ME), Valves()
    ledger.dies = valves.dies = where
    with pytest.raises(Died):
        run(ledger, valves)
    ledger.dies = valves.dies = None
    run(ledger, valves)
    assert valves.calls == ["valve/1", "valve/2"]
    assert statuses(ledger) == ["applied", "applied"]
    before = bed.everything()
    run(ledger, valves)
    assert (bed.everything(), valves.calls) == (before, ["valve/1", "valve/2"])


def test_a_resource_is_held_and_the_attempt_recorded_before_the_call(bed: Bed) -> None:
    """Whatever takes effect is in the record already."""
    ledger, valves = bed.planned(VALVE), Valves()
    valves.dies = "before the call"
    with pytest.raises(Died):
        run(ledger, valves)
    assert statuses(ledger) == ["attempted"]
    assert len(bed.rows(rows.of_hold("valve/1"))) == 1


def test_what_was_so_already_is_found_held_and_not_ours(bed: Bed) -> None:
    """Somebody else's hand made it: it is not made again, and would not be undone."""
    ledger, valves = bed.planned(VALVE, SECOND), Valves(v1="shut")
    run(ledger, valves)
    assert (statuses(ledger), valves.calls) == (["found", "applied"], ["valve/2"])
    assert len(bed.rows(rows.of_hold("valve/1"))) == 1


def test_a_conflict_leaves_everything_untouched(bed: Bed) -> None:
    """What is neither before nor after is a person's: neither the resource nor the record nor what follows moves."""
    ledger, valves = bed.planned(VALVE, SECOND), Valves(v1="broken")
    before = bed.everything()
    with pytest.raises(PlanConflict, match="valve/1 is 'broken'; the plan expected 'open'"):
        run(ledger, valves)
    assert (valves.there, valves.calls) == ({"valve/1": "broken", "valve/2": "open"}, [])
    assert bed.everything() == before


@pytest.mark.parametrize("begins", ["open", "shut"])
def test_what_was_put_back_by_somebody_is_not_made_again(bed: Bed, begins: str) -> None:
    """Whether we had made it or found it: somebody wants it otherwise, and that is a conflict for a person."""
    ledger, valves = bed.planned(VALVE), Valves(v1=begins)
    run(ledger, valves)
    valves.there["valve/1"] = "open"
    calls = list(valves.calls)
    with pytest.raises(PlanConflict):
        run(ledger, valves)
    assert (valves.there["valve/1"], valves.calls) == ("open", calls)


@pytest.mark.parametrize("taken", [{"claimed_by": OTHER}, {"status": "escalated"}])
def test_an_execution_whose_claim_is_taken_between_two_changes_stops(bed: Bed, taken: dict[str, str]) -> None:
    """The first change stands in the ledger; the second is neither made nor attempted."""
    ledger = bed.planned(VALVE, SECOND)

    class Taking(Valves):
        """Valves that lose the claim while the first is turned."""

        def apply(self, change: Change) -> None:
            """Turn it; meanwhile the incident goes to somebody else."""
            super().apply(change)
            bed.set_head(incident_id(bed), **taken)

    valves = Taking()
    with pytest.raises(NotTheClaimant):
        run(ledger, valves)
    assert (valves.calls, statuses(ledger)) == (["valve/1"], ["applied", "planned"])


def test_only_the_changes_of_the_step_are_made(bed: Bed) -> None:
    """The others wait for their own state."""
    ledger, valves = bed.planned(VALVE, SECOND), Valves()
    carry_out(ledger, {"turn": valves}, lambda change: change.resource == "valve/2")
    assert (valves.calls, statuses(ledger)) == (["valve/2"], ["planned", "applied"])
