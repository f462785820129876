from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from cordon.actions.action import Action
from cordon.errors import LockHeld, NotTheClaimant, PlanConflict
from cordon.incidents import rows
from cordon.incidents.bus import Bus
from cordon.incidents.holds import Holds
from cordon.incidents.ledger import Ledger
from cordon.incidents.locks import take_lock
from cordon.incidents.table import Table
from cordon.model.change import Change
from cordon.model.incident import IncidentStatus
from cordon.response.carrying_out import carry_out
from cordon.response.escalation import Escalation
from cordon.response.undoing import Undone, put_back
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.tickets import Tickets

from ..conftest import OTHER, Bed
from ..steps.doubles import Told

UNDOER = "arn:aws:states:eu-central-1:123456789012:execution:undo_incident:me"
FIRST = Change(action="turn", resource="valve/1", before="open", after="shut", hits=["pump-01"])
SECOND = Change(action="turn", resource="valve/2", before="open", after="shut", hits=["pump-01"])
THIRD = Change(action="turn", resource="valve/3", before="open", after="shut", hits=["pump-01"])


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


class Died(BaseException):
    """The process ended here."""


class Valves:
    """An action over a few valves, which keeps what was turned and may die after a call or raise one."""

    name = "turn"

    def __init__(self) -> None:
        self.there: dict[str, Any] = {"valve/1": "open", "valve/2": "open", "valve/3": "open"}
        self.turned: list[tuple[str, Any]] = []
        self.meanwhile: Callable[[str], None] = lambda _: None
        self.refuses: str | None = None

    def read(self, resource: str) -> Any:
        """Say how it stands."""
        return self.there[resource]

    def apply(self, change: Change) -> None:
        """Turn it."""
        if change.resource == self.refuses:
            raise PlanConflict(f"{change.resource} is used by somebody else")
        self.meanwhile(change.resource)
        self.there[change.resource] = change.after
        self.turned.append((change.resource, change.after))

    def by_hand(self, change: Change) -> list[str]:
        """Return words."""
        return ["turn", change.resource]


class Plant:
    """Incidents over the valves: carried out, contained, and undone."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.valves, self.told = bed, Valves(), Told()
        self.actions: dict[str, Action] = {"turn": self.valves}

    def contained(self, *changes: Change, thing: str = "pump-01") -> str:
        """Carry a plan out for a thing, and return the id of its incident, which is contained then."""
        ledger = self.bed.planned(*changes, id=f"alarm-of-{thing}", thing_name=thing)
        carry_out(ledger, self.actions, lambda _: True)
        incident_id = self.bed.open_id(thing) or ""
        self.bed.set_head(incident_id, status="contained")
        return incident_id

    def undo(self, incident_id: str) -> Undone:
        """Undo an incident, as it stands in the record now."""
        told: Any = self.told
        bed = self.bed
        tickets = Tickets(bed.table, OpsCenter(bed.client("ssm")))
        escalation = Escalation(bed.incidents, Bus(told, "cordon"), tickets, self.actions)
        incident = bed.incidents.get(incident_id)
        return put_back(incident, Ledger(bed.incidents, incident_id, UNDOER), self.actions, escalation)

    def statuses(self, incident_id: str) -> list[str]:
        """Return how far each change of an incident has come."""
        return [entry.status for entry in Ledger(self.bed.incidents, incident_id, UNDOER).entries()]

    def status(self, incident_id: str) -> IncidentStatus:
        """Return where an incident stands."""
        return self.bed.incidents.get(incident_id).status

    def holds(self) -> list[str]:
        """Return every resource that is held."""
        found = [self.bed.rows(rows.of_hold(f"valve/{number}")) for number in (1, 2, 3)]
        return [row["sk"] for partition in found for row in partition]


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


def calls_until_death(plant: Plant, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process die after its n-th write to the table or turn of a valve."""
    left = [number]

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            answer = call(*given)
            left[0] -= 1
            if left[0] == 0:
                raise Died
            return answer

        return called

    monkeypatch.setattr(Table, "write", dying(Table.write))
    monkeypatch.setattr(plant.valves, "apply", dying(plant.valves.apply))


@pytest.mark.parametrize("broken", [False, True], ids=["exact", "conflict"])
def test_undone_again_after_a_death_anywhere_it_ends_the_same(
    bed: Bed, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """Each valve is turned once, the shared one is handed over, no lock and no hold of ours is left; or a conflict."""
    for number in count(1):
        plant = Plant(bed)
        things = (f"pump-{number}", f"mixer-{number}")
        changes = [
            change.model_copy(update={"resource": f"{change.resource}{number}"}) for change in (FIRST, SECOND, THIRD)
        ]
        plant.valves.there = {change.resource: "open" for change in changes}
        incident = plant.contained(*changes, thing=things[0])
        other = plant.contained(changes[1], thing=things[1])
        if broken:
            plant.valves.there[changes[0].resource] = "welded"
        plant.valves.turned.clear()
        with monkeypatch.context() as dying:
            calls_until_death(plant, dying, number)
            try:
                plant.undo(incident)
                survived = True
            except Died:
                survived = False
        undone = plant.undo(incident)
        assert undone.is_complete is not broken
        expected = [] if broken else [(changes[2].resource, "open"), (changes[0].resource, "open")]
        assert plant.valves.turned == expected
        assert plant.valves.there[changes[1].resource] == "shut"
        assert bed.table.get(rows.of_lock(things[0]), rows.LOCK) is None
        assert plant.status(incident) is (IncidentStatus.ESCALATED if broken else IncidentStatus.CONTAINED)
        hold = Holds(bed.table).get(changes[1].resource)
        assert hold is not None
        assert hold.holders == sorted([other, *([incident] if broken else [])])
        if survived:
            break
    assert number > 5
