from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from cordon.incidents import rows
from cordon.incidents.holds import Holds
from cordon.incidents.table import Table
from cordon.model.incident import IncidentStatus

from ..conftest import Bed
from .plant import FIRST, SECOND, THIRD, Plant


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


class Died(BaseException):
    """The process ended here."""


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
