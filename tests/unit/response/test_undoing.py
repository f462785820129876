from __future__ import annotations

import pytest
from cordon.errors import LockHeld, NotTheClaimant
from cordon.incidents import rows
from cordon.incidents.holds import Holds
from cordon.incidents.locks import take_lock
from cordon.model.incident import IncidentStatus

from ..conftest import OTHER, Bed
from .plant import FIRST, SECOND, THIRD, Plant


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


@pytest.fixture
def plant(bed: Bed) -> Plant:
    """Three open valves and no incident."""
    return Plant(bed)


def test_everything_is_put_back_last_change_first_and_nothing_stays_held(plant: Plant) -> None:
    """Undone again, nothing more is done, and it tells the same."""
    incident = plant.contained(FIRST, SECOND)
    plant.valves.turned.clear()
    undone = plant.undo(incident)
    assert plant.valves.turned == [("valve/2", "open"), ("valve/1", "open")]
    assert (undone.put_back, undone.is_complete, plant.holds()) == ([FIRST, SECOND], True, [])
    before = plant.bed.everything()
    assert plant.undo(incident) == undone
    assert (plant.bed.everything(), len(plant.valves.turned)) == (before, 2)
    assert plant.status(incident) is IncidentStatus.CONTAINED, "where it goes is its playbook's to say"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_two_incidents_hold_is_put_back_when_the_last_one_goes(plant: Plant, order: tuple[int, int]) -> None:
    """In either order: the first leaves it as the other needs it, the last puts back what was there before both."""
    held = SECOND.model_copy(update={"before": "shut"})
    incidents = [plant.contained(FIRST, SECOND), plant.contained(held, THIRD, thing="pump-02")]
    first = plant.undo(incidents[order[0]])
    assert [change.resource for change in first.handed_over] == ["valve/2"]
    assert plant.valves.there["valve/2"] == "shut"
    assert plant.valves.there[("valve/1", "valve/3")[order[0]]] == "open"
    assert plant.valves.there[("valve/3", "valve/1")[order[0]]] == "shut"
    last = plant.undo(incidents[order[1]])
    assert plant.valves.there == {"valve/1": "open", "valve/2": "open", "valve/3": "open"}
    assert (last.handed_over, last.is_complete, plant.holds()) == ([], True, [])
    assert plant.undo(incidents[order[0]]) == first


@pytest.mark.parametrize("broken", ["valve/1", "valve/2"])
def test_what_somebody_else_has_changed_is_not_overwritten_and_nothing_is_half_undone(
    plant: Plant, broken: str
) -> None:
    """The conflict is before a person, everything stays as it is; once a person has mended it, it can be undone."""
    incident = plant.contained(FIRST, SECOND)
    plant.valves.there[broken] = "welded"
    there, held = dict(plant.valves.there), plant.holds()
    undone = plant.undo(incident)
    assert undone.conflicts == [f"{broken} is 'welded'; it was 'open', and Cordon left it 'shut'"]
    assert (undone.put_back, plant.valves.there, plant.holds()) == ([], there, held)
    assert plant.status(incident) is IncidentStatus.ESCALATED
    assert undone.conflicts[0] in plant.bed.incidents.get(incident).reasons[0]
    assert plant.told.announced == ["Incident Escalated"]
    assert plant.bed.table.get(rows.of_lock("pump-01"), rows.LOCK) is None
    plant.valves.there[broken] = "shut"
    assert plant.undo(incident).is_complete
    assert plant.valves.there == {"valve/1": "open", "valve/2": "open", "valve/3": "open"}


def test_what_somebody_has_put_back_already_is_no_conflict(plant: Plant) -> None:
    """It is as it was: nothing is called for it, and its hold goes."""
    incident = plant.contained(FIRST, SECOND)
    plant.valves.there["valve/2"] = "open"
    plant.valves.turned.clear()
    assert plant.undo(incident).is_complete
    assert (plant.valves.turned, plant.holds()) == ([("valve/1", "open")], [])


def test_what_was_so_before_us_stays_so_whatever_became_of_it(plant: Plant) -> None:
    """Found shut by somebody else's hand: it is not opened, and a later change of theirs is no conflict."""
    plant.valves.there["valve/1"] = "shut"
    incident = plant.contained(FIRST)
    plant.valves.there["valve/1"] = "welded"
    assert plant.undo(incident).is_complete
    assert (plant.valves.there["valve/1"], plant.valves.turned, plant.holds()) == ("welded", [], [])


def test_a_change_that_was_never_made_is_not_undone(plant: Plant) -> None:
    """Planned only, or attempted and never carried out: nothing is called."""
    ledger = plant.bed.planned(FIRST, SECOND)
    ledger.attempt(ledger.entries()[0])
    incident = plant.bed.open_id() or ""
    plant.bed.set_head(incident, status="escalated")
    assert plant.undo(incident).is_complete
    assert (plant.statuses(incident), plant.valves.turned, plant.holds()) == (["undone", "planned"], [], [])


def test_nothing_is_undone_where_one_change_cannot_be(plant: Plant) -> None:
    """A person is told which; what could be put back stays too."""
    for_ever = SECOND.model_copy(update={"reversible": False})
    incident = plant.contained(FIRST, for_ever)
    undone = plant.undo(incident)
    assert (undone.irreversible, undone.put_back, undone.is_complete) == ([for_ever], [], False)
    assert plant.valves.there["valve/1"] == "shut"
    assert plant.bed.incidents.get(incident).reasons == ["it cannot be undone: valve/2"]


def test_a_change_that_somebody_makes_while_it_is_undone_stops_it_there(plant: Plant) -> None:
    """What was put back is, what comes after it stays, a person is told, and others may hold again what was not."""
    incident = plant.contained(FIRST, SECOND, THIRD)
    plant.valves.refuses = "valve/2"
    undone = plant.undo(incident)
    assert undone.conflicts == ["valve/2 is used by somebody else"]
    assert plant.statuses(incident) == ["applied", "applied", "undone"]
    assert plant.status(incident) is IncidentStatus.ESCALATED
    hold = Holds(plant.bed.table).get("valve/2")
    assert hold is not None
    assert hold.put_back_by is None
    plant.valves.refuses = None
    assert plant.undo(incident).is_complete


def test_an_incident_that_is_moved_meanwhile_is_left_to_whoever_moved_it(plant: Plant) -> None:
    """After the call that was under way nothing more is called or recorded."""
    incident = plant.contained(FIRST, SECOND)
    plant.valves.meanwhile = lambda _: plant.bed.set_head(incident, status="restoring")
    with pytest.raises(NotTheClaimant):
        plant.undo(incident)
    assert plant.valves.there["valve/1"] == "shut"
    assert plant.statuses(incident) == ["applied", "undoing"]


def test_a_thing_that_another_execution_is_changing_is_not_undone(plant: Plant) -> None:
    """It is tried again later; nothing is touched."""
    incident = plant.contained(FIRST)
    take_lock(plant.bed.table, "pump-01", incident_id="another", execution=OTHER)
    with pytest.raises(LockHeld):
        plant.undo(incident)
    assert plant.statuses(incident) == ["applied"]


def test_an_incident_that_comes_in_between_keeps_what_it_needs(plant: Plant) -> None:
    """It takes hold after the first look and before the resource's turn: the hold is handed over, nothing is opened."""
    incident = plant.contained(FIRST, SECOND)
    later: list[str] = []

    def comes(_resource: str) -> None:
        if not later:
            plant.valves.meanwhile = lambda _: None
            later.append(plant.contained(FIRST, thing="pump-02"))

    plant.valves.meanwhile = comes
    assert [change.resource for change in plant.undo(incident).handed_over] == ["valve/1"]
    assert plant.valves.there["valve/1"] == "shut"
    assert plant.undo(later[0]).is_complete
    assert plant.valves.there["valve/1"] == "open"
