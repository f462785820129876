"""Devices come back, give up or stay away as they were told, and faults of the local AWS let them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playtest.fleet import Behaviour, DemoFleet
from tests.unit.playtest.watched_fleet import deactivate, is_connected, reason, wait

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """The plant; most tests are about its pump-01."""
    return fleet_of()


def test_a_dropped_device_comes_back_when_time_passes(fleet: DemoFleet) -> None:
    """A drop ends the session at once and stops nobody from coming back."""
    fleet.broker.drop("pump-01")
    assert not is_connected(fleet)
    assert reason(fleet) == "API_INITIATED_DISCONNECT"
    wait(fleet, 1)
    assert is_connected(fleet)
    assert reason(fleet) is None


def test_a_device_with_two_certificates_tries_both(fleet: DemoFleet) -> None:
    """The mixer comes back with its spare, and stays out when both are off."""
    first, spare = fleet.thing("mixer-01").certificate_ids
    fleet.iot.update_certificate(certificateId=first, newStatus="INACTIVE")
    fleet.broker.drop("mixer-01")
    wait(fleet, 1)
    session = fleet.broker.sessions.get("mixer-01")
    assert session is not None
    assert session.connected
    assert session.principal.endswith(spare)
    fleet.iot.update_certificate(certificateId=spare, newStatus="INACTIVE")
    fleet.broker.drop("mixer-01")
    wait(fleet, 1)
    assert not is_connected(fleet, "mixer-01")


def test_a_certificate_that_stays_accepted_keeps_its_device_in(fleet: DemoFleet) -> None:
    """The fault: INACTIVE is not honoured, so the session lives on and every drop is answered by a new one."""
    fleet.certificate_stays_accepted("pump-01")
    deactivate(fleet)
    wait(fleet, 600)
    assert is_connected(fleet)
    fleet.broker.drop("pump-01")
    wait(fleet, 600)
    assert is_connected(fleet)


def test_a_certificate_may_bite_late(fleet: DemoFleet) -> None:
    """The fault: the device comes back until the seconds have passed, and not after."""
    fleet.certificate_bites_after("pump-01", 200)
    deactivate(fleet)
    for seconds, expected in [(100, True), (90, True), (20, False), (600, False)]:
        if is_connected(fleet):
            fleet.broker.drop("pump-01")
        wait(fleet, seconds)
        assert is_connected(fleet) is expected


def test_a_stubborn_device_comes_back_as_often_as_it_was_told(fleet: DemoFleet) -> None:
    """It is let in twice after its certificate was deactivated, and then never again."""
    fleet.behave("pump-01", Behaviour.STUBBORN, comebacks=2)
    deactivate(fleet)
    seen = []
    for _ in range(4):
        if is_connected(fleet):
            fleet.broker.drop("pump-01")
        wait(fleet, 60)
        seen.append(is_connected(fleet))
    assert seen == [True, True, False, False]


def test_faults_can_be_switched_off(fleet: DemoFleet) -> None:
    """Cleared faults leave AWS as it is."""
    fleet.certificate_stays_accepted("pump-01")
    fleet.broker.faults.clear()
    deactivate(fleet)
    fleet.broker.drop("pump-01")
    wait(fleet, 1)
    assert not is_connected(fleet)


def test_a_quiet_device_stays_away(fleet: DemoFleet) -> None:
    """It keeps its session until it is dropped, and does not come back."""
    fleet.behave("pump-01", Behaviour.QUIET)
    wait(fleet, 60)
    assert is_connected(fleet)
    fleet.broker.drop("pump-01")
    wait(fleet, 600)
    assert not is_connected(fleet)


def test_a_device_that_goes_offline_says_goodbye(fleet: DemoFleet) -> None:
    """It ends its session by itself."""
    fleet.behave("pump-01", Behaviour.OFFLINE)
    wait(fleet, 1)
    assert reason(fleet) == "CLIENT_INITIATED_DISCONNECT"
    wait(fleet, 600)
    assert not is_connected(fleet)
