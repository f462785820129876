"""The demo fleet: real certificates, the broker they connect with, and the policies that bind them."""

from playtest.fleet.broker import Broker, Refused
from playtest.fleet.devices import Behaviour, Device
from playtest.fleet.plant import DemoFleet, DemoThing
from playtest.fleet.snapshot import FieldDiff, Snapshot, diff
from playtest.fleet.thing_names import InvalidThing

__all__ = [
    "Behaviour",
    "Broker",
    "DemoFleet",
    "DemoThing",
    "Device",
    "FieldDiff",
    "InvalidThing",
    "Refused",
    "Snapshot",
    "diff",
]
