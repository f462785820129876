"""A demo device that behaves as it was asked to: `NAME=behaviour`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from playtest.behaviours import BEHAVIOURS, JOB_BEHAVIOURS, SESSION_BEHAVIOURS
from playtest.fleet import Behaviour
from playtest.local_aws import LocalAws
from playtest.run.bad_scenario import BadScenario

_OPTION = "--device"
_FORM = "NAME=behaviour"


@dataclass(frozen=True)
class AskedDevice:
    """A device of the fleet, and the name of what it is to do about its session or about its jobs."""

    name: str
    behaviour: str

    def switch_on(self, aws: LocalAws) -> None:
        """Let the device behave so from now on."""
        if self.behaviour in JOB_BEHAVIOURS:
            aws.fleet.thing(self.name).device.agent.behaviour = JOB_BEHAVIOURS[self.behaviour]
        else:
            aws.fleet.behave(self.name, Behaviour(self.behaviour))


def parse_devices(texts: Sequence[str], known: Collection[str]) -> list[AskedDevice]:
    """Return the devices that `--device` names; `known` are those that there are.

    Raises:
        BadScenario: it is not of that form, there is no such device or behaviour (the message lists those that there
            are), or a device is to do two different things about its session, or about its jobs.
    """
    asked = [_parsed(text, known) for text in texts]
    told: dict[tuple[str, bool], str] = {}
    for one in asked:
        kind = (one.name, one.behaviour in JOB_BEHAVIOURS)
        if told.setdefault(kind, one.behaviour) != one.behaviour:
            raise BadScenario(f"{_OPTION} {one.name}", one.behaviour, f"one behaviour of its kind, beside {told[kind]}")
    return asked


def switch_on(devices: Sequence[AskedDevice], aws: LocalAws) -> None:
    """Let all of them behave so before anything is delivered: who is offline is offline from then on."""
    for device in devices:
        device.switch_on(aws)
    if devices:
        aws.fleet.broker.tick()


def _parsed(text: str, known: Collection[str]) -> AskedDevice:
    name, equals, behaviour = text.rpartition("=")  # a thing's name has no equals sign
    if not equals:
        raise BadScenario(_OPTION, text, _FORM)
    if name not in known:
        raise BadScenario(f"{_OPTION} device", name, f"one of {', '.join(sorted(known))}")
    if behaviour not in BEHAVIOURS:
        session, jobs = (", ".join(names) for names in (SESSION_BEHAVIOURS, JOB_BEHAVIOURS))
        raise BadScenario(f"{_OPTION} {name}", behaviour, f"one of {session} (its session), {jobs} (its jobs)")
    return AskedDevice(name, behaviour)
