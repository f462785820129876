from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from playtest.fleet import Snapshot, diff
from playtest.report.fleet import fleet_part, things_touched
from playtest.result import FleetChange

PUMP, MIXER = "aa" * 32, "bb" * 32


def fleet(
    *,
    status: str = "ACTIVE",
    connected: bool = True,
    members: tuple[str, ...] = (),
    denied: tuple[str, ...] = (),
    shadow: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Two things, each with a certificate and a session; what is given differs for the pump."""
    registry: dict[str, dict[str, Any]] = {
        f"certificate/{PUMP}": {"status": status, "policies": ["plant-device"]},
        f"certificate/{MIXER}": {"status": "ACTIVE", "policies": ["plant-device"]},
        "group/quarantine": {"members": sorted(members), "policies": []},
        "sts-deny/policy": {"certificates": sorted(denied)},
        "thing/mixer-01": {"groups": [], "principals": [MIXER]},
        "thing/pump-01": {"groups": ["quarantine"] if members else [], "principals": [PUMP], **(shadow or {})},
    }
    sessions: dict[str, dict[str, Any]] = {
        "session/line-1-pump": {"connected": connected, "thing": None, "principal": PUMP},
        "session/mixer-01": {"connected": True, "thing": "mixer-01", "principal": MIXER},
    }
    return Snapshot(registry, sessions)


def changes(before: Snapshot, after: Snapshot) -> list[FleetChange]:
    """What differs, in the words of a result."""
    return [
        FleetChange(resource=found.resource, field=found.field, before=found.before, after=found.after)
        for found in diff(before, after)
    ]


def shown(before: Snapshot, after: Snapshot) -> str:
    """The part of the page about the fleet, columns closed up."""
    console = Console(file=io.StringIO(), width=100, record=True)
    for part in fleet_part(changes(before, after), before, after):
        console.print(part)
    return " ".join(console.export_text().split())


def test_a_thing_is_touched_by_its_certificate_session_groups_and_credentials() -> None:
    """A certificate is its thing's, a session without a thing is its certificate's, a group touches who joined it.

    The policy that denies AWS credentials touches those whose certificate came into it.
    """
    before = fleet()
    for after in (
        fleet(status="INACTIVE"),
        fleet(connected=False),
        fleet(members=("pump-01",)),
        fleet(denied=(PUMP,)),
    ):
        assert things_touched(changes(before, after), before, after) == {"pump-01"}


def test_what_changed_is_shown_with_its_owner_and_those_left_alone() -> None:
    """A certificate is named with its thing, a list only by what it gained, and the bystanders are counted."""
    said = shown(fleet(), fleet(status="INACTIVE", members=("pump-01",)))
    assert "certificate/aaaaaaaa… of pump-01" in said
    assert "status ACTIVE → INACTIVE" in said
    assert "members none → pump-01" in said
    assert "Bystanders untouched: 1 thing." in said


def test_a_fleet_that_is_as_it_was_is_said_to_be() -> None:
    """Where nothing changed, all things are counted as untouched."""
    assert shown(fleet(), fleet()) == "Nothing changed: 2 things untouched."


def test_a_value_of_a_shadow_that_changed_is_shown_whatever_its_kind() -> None:
    """Each under its path, below its thing, which counts as touched."""
    before = fleet(shadow={"shadow/desired/limits": [1, 2], "shadow/reported/on": True})
    after = fleet(shadow={"shadow/desired/limits": [2, {"a": 1}], "installed/firmware/version": "2.4.1"})
    said = shown(before, after)
    assert "thing/pump-01 installed/firmware/version nothing → 2.4.1" in said
    assert 'shadow/desired/limits 1, … → {"a": 1}, …' in said
    assert "shadow/reported/on yes → nothing" in said
    assert things_touched(changes(before, after), before, after) == {"pump-01"}
