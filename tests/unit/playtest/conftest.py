"""moto alone, with the mends of IoT, its data plane and OpsCenter, for tests that need no stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.base_backend import BackendDict

from playtest.fleet import DemoFleet, demo_things
from playtest.local_aws import iot, iot_data, ops_center
from playtest.local_aws.clock import VirtualClock

REGION = "eu-central-1"
_SESSION = boto3.Session(
    region_name=REGION
)  # one for all tests: reading the models of a service takes longer than a test


@cache
def client_of(service: str) -> Any:
    """The client of a service, one for all tests: making it takes longer than most of them."""
    return _SESSION.client(service)  # type: ignore[call-overload] # any service


class PlainAws:
    """A moto without our template: clients and a clock, which is what a fleet asks of an AWS."""

    def __init__(self) -> None:
        self.clock = VirtualClock()

    def client(self, service: str) -> Any:
        """The client of a service."""
        return client_of(service)


@pytest.fixture(scope="module")
def moto_alone() -> Iterator[None]:
    """A moto for the tests of one module: starting it takes longer than most of them."""
    for module in (iot, iot_data, ops_center):
        module.install()
    with mock_aws():
        yield


@pytest.fixture
def plain_aws(moto_alone: None) -> PlainAws:
    """A moto that holds nothing."""
    BackendDict.reset()
    return PlainAws()


FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet_of(plain_aws: PlainAws) -> FleetMaker:
    """Makes a fleet of a few things of the plant, by name; without names, of all of them."""

    def make(*names: str, **changed: Any) -> DemoFleet:
        if not names:
            return DemoFleet(plain_aws)
        chosen = [spec for spec in demo_things.THINGS if spec.name in names]
        return DemoFleet(plain_aws, [replace(spec, **changed) for spec in chosen])

    return make
