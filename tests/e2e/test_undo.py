"""What was done can be put back, exactly; and what is only shown changes nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import pytest
from cordon.actions import actions_by_name
from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.model.change import LedgerEntry
from cordon.model.incident import IncidentStatus

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.run.record import Record

Alarm = Callable[..., str]
Up = Callable[..., LocalAws]

THINGS = ("pump-01", "mixer-01", "capper-01", "labeller-01", "camera-01")


def entries_of(aws: LocalAws, thing: str) -> list[LedgerEntry]:
    """The ledger of the one incident of a thing."""
    record = Record(aws)
    (incident,) = [one for one in record.incidents() if one.thing_name == thing]
    return [parsed(LedgerEntry, row) for row in record.of_incident(incident.id, "CHANGE#")]


@pytest.mark.parametrize("thing", THINGS)
def test_the_plans_inverse_restores_the_fleet_exactly(aws: LocalAws, alarm: Alarm, thing: str) -> None:
    """After an automatic run, the plan's inverse, applied last change first, leaves no difference in the registry."""
    before = aws.fleet.snapshot()
    aws.publish_alarm(alarm(thing))
    aws.settle()
    assert diff(before, aws.fleet.snapshot()) != []
    actions = actions_by_name(aws.client("iot"), "123456789012")
    for entry in reversed(entries_of(aws, thing)):
        actions[entry.change.action].apply(entry.change.inverse())
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []


def test_the_tickets_undo_commands_are_the_plans_inverse(aws: LocalAws, alarm: Alarm) -> None:
    """A person who runs the ticket's commands in their order restores the fleet."""
    before = aws.fleet.snapshot()
    aws.publish_alarm(alarm("capper-01"))
    aws.settle()
    (item,) = aws.client("ssm").describe_ops_items()["OpsItemSummaries"]
    data = aws.client("ssm").get_ops_item(OpsItemId=item["OpsItemId"])["OpsItem"]["OperationalData"]
    for command in data["cordon-undo"]["Value"].splitlines():
        _, service, operation, *options = shlex.split(command)
        given = dict(zip(options[::2], options[1::2], strict=True))
        arguments = {_camel(name): value for name, value in given.items()}
        getattr(aws.client(service), operation.replace("-", "_"))(**arguments)
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []


def _camel(option: str) -> str:
    first, *rest = option.removeprefix("--").split("-")
    return first + "".join(word.title() for word in rest)


@pytest.mark.parametrize("thing", THINGS)
def test_observe_changes_nothing_and_shows_the_plan_that_automatic_carries_out(
    up: Up, alarm: Alarm, thing: str
) -> None:
    """The ticket of an observed incident holds the very changes that an automatic answer makes afterwards."""
    observing = up(Mode="observe")
    before = observing.fleet.snapshot()
    observing.publish_alarm(alarm(thing))
    observing.settle()
    assert diff(before, observing.fleet.snapshot()) == []
    (incident,) = Record(observing).incidents()
    assert incident.status is IncidentStatus.OBSERVED
    ticket = Record(observing).of_incident(incident.id, rows.TICKET)[0]["ticket_id"]
    shown = json.loads(Record(observing).ops_item(ticket)["OperationalData"]["cordon-plan"]["Value"])
    assert [entry["status"] for entry in shown] == ["planned"] * len(shown)
    described = Record(observing).ops_item(ticket)["Description"]
    assert all(entry["change"]["resource"].replace("_", "\\_") in described for entry in shown[:3])
    observing.__exit__(None, None, None)

    acting = up()
    acting.publish_alarm(alarm(thing))
    acting.settle()
    made = [entry.change.model_dump(mode="json") for entry in entries_of(acting, thing)]
    (acted,) = Record(acting).incidents()
    same = json.loads(json.dumps([entry["change"] for entry in shown]).replace(incident.id, acted.id))
    assert _about_fleet(same) == _about_fleet(made)


def _about_fleet(changes: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """What is the same in two fleets that were made alike."""
    return [(change["action"], change["resource"], str(change["before"]), str(change["after"])) for change in changes]
