"""The devices of the demo fleet: what each does when time passes and when it is cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from playtest.fleet.broker import Broker, Refused
from playtest.fleet.job_agent import JobAgent


class Behaviour(Enum):
    """What a device does about its session."""

    STEADY = "steady"
    """Stays connected, and after any drop comes back as soon as it may."""

    STUBBORN = "stubborn"
    """As STEADY, and its certificate lets it back in a few times after it was deactivated (a fault of the broker)."""

    QUIET = "quiet"
    """Stays connected until it is dropped, and does not come back."""

    OFFLINE = "offline"
    """Is not connected: it disconnects by itself and stays away."""


@dataclass
class Device:
    """One device. `principals` are what it may show, tried in turn; `topic` is where its telemetry goes."""

    thing_name: str
    client_id: str
    principals: tuple[str, ...]
    topic: str
    behaviour: Behaviour = Behaviour.STEADY
    agent: JobAgent = field(init=False)
    """The part of its firmware that takes jobs, which has a behaviour of its own."""

    def __post_init__(self) -> None:
        self.agent = JobAgent(self.thing_name, self.client_id)

    def power_on(self, broker: Broker) -> None:
        """Connect for the first time, unless the device is OFFLINE."""
        if self.behaviour is not Behaviour.OFFLINE:
            self._connect(broker)

    def act(self, broker: Broker) -> None:
        """Do what the device does when time has passed: send its telemetry, come back if it was dropped, take its jobs.

        A device that may connect is connected afterwards, also when its telemetry was denied and cost it its session.
        """
        if broker.sessions.is_connected(self.client_id):
            self._speak(broker)
        if self.behaviour in (Behaviour.STEADY, Behaviour.STUBBORN):
            self._connect(broker)
        if broker.sessions.is_connected(self.client_id) and self.agent.act(broker):
            self._connect(broker)

    def _speak(self, broker: Broker) -> None:
        if self.behaviour is Behaviour.OFFLINE:
            broker.leave(self.client_id)
            return
        try:
            broker.publish(self.client_id, self.topic)
        except Refused:
            return  # the broker has disconnected it and remembers the refusal
        self.agent.was_heard(broker)

    def _connect(self, broker: Broker) -> None:
        given = map(broker.registry.certificate_arn, reversed(self.agent.repair.given))
        for principal in [*given, *self.principals]:
            if broker.sessions.is_connected(self.client_id):
                return
            try:
                broker.connect(self.client_id, principal)
            except Refused:
                continue  # the next certificate may be let in
