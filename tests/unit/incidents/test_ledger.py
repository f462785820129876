from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cordon.errors import NotTheClaimant, PlanMissing, PlanUnworkable
from cordon.incidents import rows
from cordon.incidents.ledger import MOST_CHANGES, Ledger
from cordon.incidents.table import key, update
from cordon.model.change import Change, ChangeStatus, Effect, Gap, LedgerEntry, Plan
from cordon.model.incident import Decision, Mode

from ..conftest import ME, MORNING, OTHER, Bed

STATUS = Change(action="certificate_status", resource="certificate/a", before="ACTIVE", after="INACTIVE")
GROUP = Change(action="group_membership", resource="thing/pump-01/group/plant", before=False, after=True)


def record(ledger: Ledger, *changes: Change, **more: Any) -> None:
    """Record a plan of these changes."""
    ledger.record_plan(
        Plan(changes=list(changes), **more), mode=Mode.AUTOMATIC, decision=Decision.AUTOMATIC, reasons=[], capsule=None
    )


def statuses(ledger: Ledger) -> list[str]:
    """Return how far each change has come."""
    return [entry.status for entry in ledger.entries()]


def test_a_plan_is_recorded_in_its_order(bed: Bed) -> None:
    """Also where there are more changes than one digit can number."""
    many = [STATUS.model_copy(update={"resource": f"certificate/{number}"}) for number in range(12)]
    assert [entry.change for entry in bed.planned(*many).entries()] == many


def test_what_was_decided_stands_on_the_incident(bed: Bed) -> None:
    """Hash, gaps and effects are on the head; the execution that assessed is named."""
    incident = bed.claim(bed.opened().id)
    effect = Effect(action="drop_session", resource="connection/pump-01", hits=["pump-01"])
    gap = Gap(resource="sts/a", reason="it lives on")
    record(Ledger(bed.incidents, incident.id, ME), STATUS, effects=[effect], gaps=[gap])
    after = bed.incidents.get(incident.id)
    assert (after.plan_effects, after.plan_gaps) == ([effect], [gap])
    assert (after.plan_hash, after.assessed_by) == (Plan(changes=[STATUS]).hash, ME)


def test_the_largest_plan_fits_one_transaction(bed: Bed) -> None:
    """It also replaces another as large; one change more is refused before anything is written."""
    many = [STATUS.model_copy(update={"resource": f"certificate/{number}"}) for number in range(MOST_CHANGES + 1)]
    ledger = bed.planned(*many[:-1])
    record(ledger, GROUP)
    assert [entry.change for entry in ledger.entries()] == [GROUP]
    record(ledger, *many[:-1])
    with pytest.raises(PlanUnworkable, match="81 changes; a plan holds 80 at most"):
        record(ledger, *many)


@pytest.mark.parametrize("status", [one for one in ChangeStatus if one is not ChangeStatus.PLANNED])
def test_a_plan_of_which_something_was_done_is_never_replaced(bed: Bed, status: ChangeStatus) -> None:
    """What was done, also what may have been, stays in the ledger: it is what undoing stands on."""
    ledger = bed.planned(STATUS, GROUP)
    (first, _) = ledger.entries()
    _force(bed, ledger, 1, status)
    before = bed.everything()
    with pytest.raises(NotTheClaimant):
        record(ledger, GROUP, STATUS)
    assert bed.everything() == before
    assert ledger.entries()[0].change == first.change


@pytest.mark.parametrize("status", [one for one in ChangeStatus if one is not ChangeStatus.PLANNED])
def test_nor_by_a_shorter_one_that_lacks_what_was_done(bed: Bed, status: ChangeStatus) -> None:
    """A row that the new plan has no number for is deleted only while nothing was done of it."""
    ledger = bed.planned(STATUS, GROUP)
    _force(bed, ledger, 2, status)
    before = bed.everything()
    with pytest.raises(NotTheClaimant):
        record(ledger, STATUS)
    assert bed.everything() == before
    assert statuses(ledger) == [ChangeStatus.PLANNED, status]


def test_an_execution_that_lost_the_incident_cannot_plan_for_it(bed: Bed) -> None:
    """The plan of whoever has it now stands."""
    ledger = bed.planned(STATUS)
    bed.claim(_id(bed), OTHER)
    before = bed.everything()
    with pytest.raises(NotTheClaimant):
        record(ledger, GROUP)
    assert bed.everything() == before


def test_a_plan_is_carried_out_by_the_execution_that_made_it(bed: Bed) -> None:
    """One that claimed the incident and has not assessed it finds no plan of its own."""
    ledger = bed.planned(STATUS)
    bed.claim(_id(bed), OTHER)
    with pytest.raises(PlanMissing):
        Ledger(bed.incidents, _id(bed), OTHER).planned()
    with pytest.raises(NotTheClaimant):
        ledger.planned()


@pytest.mark.parametrize("step", [Ledger.attempt, Ledger.found], ids=["attempt", "found"])
@pytest.mark.parametrize(
    "taken",
    [{"claimed_by": OTHER}, {"status": "escalated"}, {"status": "contained"}, {"status": "stood_down"}],
)
def test_an_execution_whose_claim_was_taken_attempts_and_holds_nothing_more(
    bed: Bed, taken: dict[str, str], step: Callable[[Ledger, LedgerEntry], None]
) -> None:
    """The fence is in the same transaction as the record: nothing is written, nothing held."""
    ledger = bed.planned(STATUS)
    (entry,) = ledger.entries()
    bed.set_head(_id(bed), **taken)
    before = bed.everything()
    with pytest.raises(NotTheClaimant):
        step(ledger, entry)
    assert bed.everything() == before
    assert bed.rows(rows.of_hold(STATUS.resource)) == []


def test_what_was_made_is_recorded_also_when_the_claim_is_gone(bed: Bed) -> None:
    """A call that took effect is a fact, whoever has the incident by now."""
    ledger = bed.planned(STATUS)
    (entry,) = ledger.entries()
    ledger.attempt(entry)
    bed.set_head(_id(bed), status="escalated", claimed_by=OTHER)
    ledger.applied(entry)
    assert statuses(ledger) == [ChangeStatus.APPLIED]


def test_a_resource_is_held_from_the_attempt_on_by_each_incident(bed: Bed) -> None:
    """Two incidents may hold one resource; it is put back when the last hold goes."""
    first = bed.planned(STATUS, id="a1")
    second = bed.planned(STATUS, id="a2", thing_name="pump-02")
    assert bed.rows(rows.of_hold(STATUS.resource)) == []
    first.attempt(first.entries()[0])
    first.attempt(first.entries()[0])
    second.found(second.entries()[0])
    (held,) = bed.rows(rows.of_hold(STATUS.resource))
    assert held["holders"] == sorted([_id(bed), _id(bed, "pump-02")])
    assert (held["before"], held["after"]) == ("ACTIVE", "INACTIVE")


def test_the_first_containment_call_is_timed_once(bed: Bed) -> None:
    """Later changes, and the same one recorded again, leave the moment of the first alone."""
    ledger = bed.planned(STATUS, GROUP)
    assert bed.incidents.get(_id(bed)).first_contained_at is None
    for entry in [*ledger.entries(), *ledger.entries()]:
        ledger.applied(entry)
        bed.clock.advance(seconds=7)
    assert bed.incidents.get(_id(bed)).first_contained_at == MORNING


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ChangeStatus.PLANNED, ChangeStatus.PLANNED),
        (ChangeStatus.ATTEMPTED, ChangeStatus.ATTEMPTED),
        (ChangeStatus.APPLIED, ChangeStatus.VERIFIED),
        (ChangeStatus.FOUND, ChangeStatus.FOUND),
    ],
)
def test_only_what_was_applied_becomes_verified(bed: Bed, before: ChangeStatus, after: ChangeStatus) -> None:
    """What was found so by somebody else's hand must not turn into a change of ours, which would be undone."""
    ledger = bed.planned(STATUS)
    _force(bed, ledger, 1, before)
    ledger.verified(ledger.entries())
    assert statuses(ledger) == [after]


def test_effects_are_kept_in_order(bed: Bed) -> None:
    """Each with what came of it, and by whom."""
    ledger = bed.planned()
    effect = Effect(action="drop_session", resource="connection/pump-01", hits=["pump-01"])
    ledger.brought_about(effect, "dropped")
    bed.clock.advance(seconds=1)
    ledger.brought_about(effect, "absent")
    assert [(record.outcome, record.actor) for record in ledger.effects()] == [("dropped", ME), ("absent", ME)]


def _id(bed: Bed, thing: str = "pump-01") -> str:
    found = bed.open_id(thing)
    assert found
    return found


def _force(bed: Bed, ledger: Ledger, number: int, status: ChangeStatus) -> None:
    """Bring a change to a status as the ledger's own calls do."""
    entry = ledger.entries()[number - 1]
    if status is ChangeStatus.FOUND:
        ledger.found(entry)
        return
    if status is not ChangeStatus.PLANNED:
        ledger.attempt(entry)
    if status not in {ChangeStatus.PLANNED, ChangeStatus.ATTEMPTED}:
        ledger.applied(entry)
    if status is ChangeStatus.VERIFIED:
        ledger.verified(ledger.entries()[number - 1 : number])
    if status in {ChangeStatus.UNDOING, ChangeStatus.UNDONE, ChangeStatus.RELEASED}:
        row = key(rows.of_incident(_id(bed)), rows.change(number))
        bed.table.write(update(row, set_={"status": status}))
