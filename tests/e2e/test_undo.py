"""What was done can be put back, exactly; and what is only shown changes nothing."""

from __future__ import annotations

import json

import pytest
from cordon.model.incident import IncidentStatus, Mode

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answered, ledger_of, run_command, tickets_of, told_in_ticket, undo

THINGS = ("pump-01", "mixer-01", "capper-01", "labeller-01", "camera-01")


@pytest.mark.parametrize("thing", THINGS)
def test_the_plans_inverse_restores_the_fleet_exactly(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """After an automatic run, the plan's inverse, applied last change first, leaves no difference in the registry."""
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm(thing))
    assert diff(before, aws.fleet.snapshot()) != []
    undo(aws, incident)
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []


@pytest.mark.parametrize("thing", ["capper-01", "camera-01"])
def test_the_tickets_undo_commands_are_the_plans_inverse(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """A person who runs the ticket's commands in their order restores the fleet; for sessions by the next sweep."""
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm(thing))
    for command in told_in_ticket(aws, incident.id, "cordon-undo").splitlines():
        run_command(aws, command)
    aws.invoke("SweepFunction", {})
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []


@pytest.mark.parametrize("thing", THINGS)
def test_observe_changes_nothing_and_shows_the_plan_that_automatic_carries_out(
    up: Up, alarm: Alarm, thing: str
) -> None:
    """The ticket of an observed incident holds the very changes that an automatic answer makes afterwards."""
    observing = up(Mode.OBSERVE)
    before = observing.fleet.snapshot()
    incident = answered(observing, alarm(thing))
    assert diff(before, observing.fleet.snapshot()) == []
    assert incident.status is IncidentStatus.OBSERVED
    shown = json.loads(told_in_ticket(observing, incident.id, "cordon-plan"))
    assert shown
    assert [entry["status"] for entry in shown] == ["planned"] * len(shown)
    (ticket,) = tickets_of(observing, incident.id)
    described = Record(observing).ops_item(ticket)["Description"]
    assert all(entry["change"]["resource"].replace("_", "\\_") in described for entry in shown[:3])
    observing.__exit__(None, None, None)

    acting = up()
    acted = answered(acting, alarm(thing))
    made = [entry.change.model_dump(mode="json") for entry in ledger_of(acting, acted)]
    same = json.loads(json.dumps([entry["change"] for entry in shown]).replace(incident.id, acted.id))
    assert _about_fleet(same) == _about_fleet(made)


def _about_fleet(changes: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """What is the same in two fleets that were made alike."""
    return [(change["action"], change["resource"], str(change["before"]), str(change["after"])) for change in changes]
