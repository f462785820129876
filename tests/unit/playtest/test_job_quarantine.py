"""Under the quarantine policy that Cordon writes a device can be restored, and can do nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cordon.response.policy_documents import quarantine_document
from cordon.things.arns import IotArns

from playtest.fleet import DemoFleet
from tests.unit.playtest.jobs import make_role, status
from tests.unit.playtest.restoring import SHA256, behave, package_shadow, restore
from tests.unit.playtest.watched_fleet import is_connected, principal, wait

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """A pump whose certificate has nothing but the quarantine policy, for longer than policies are cached."""
    made = fleet_of("pump-01")
    make_role(made)
    registry = made.broker.registry
    document = quarantine_document("pump-01", ["pump-01"], IotArns(made.iot, registry.account))
    made.iot.create_policy(policyName="quarantine", policyDocument=json.dumps(document))
    made.iot.attach_policy(policyName="quarantine", target=principal(made))
    made.iot.detach_policy(policyName="plant-device", target=principal(made))
    wait(made, 600)
    return made


def test_a_quarantined_device_is_restored(fleet: DemoFleet) -> None:
    """It takes its job and reports to its shadow; its telemetry is turned away all the while."""
    details = restore(fleet)
    assert (status(fleet), details["installed"]) == ("SUCCEEDED", f"pump 2.0.0 {SHA256}")
    assert package_shadow(fleet)["pump"] == {"version": "2.0.0"}
    assert is_connected(fleet)
    refused = {refusal.reason for refusal in fleet.broker.refusals}
    assert refused == {"implicitDeny: topic/dt/pump-01/telemetry"}


def test_a_compromised_device_shows_it_only_when_it_is_let_free(fleet: DemoFleet) -> None:
    """In quarantine nothing of what it sends is let through, so nothing is detected."""
    alarms: list[Mapping[str, Any]] = []
    fleet.broker.detected = alarms.append
    behave(fleet, "still-compromised")
    restore(fleet)
    wait(fleet, 3600)
    assert (status(fleet), alarms) == ("SUCCEEDED", [])
    fleet.iot.attach_policy(policyName="plant-device", target=principal(fleet))
    wait(fleet, 600)
    assert [alarm["thingName"] for alarm in alarms] == ["pump-01"]
