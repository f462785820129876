"""A fleet whose devices are watched: what tests of the broker and of the devices ask and do."""

from __future__ import annotations

from playtest.fleet import DemoFleet
from playtest.local_aws.clock import VirtualClock


def wait(fleet: DemoFleet, seconds: float) -> None:
    """Let a Wait pass."""
    assert isinstance(fleet.aws.clock, VirtualClock)
    fleet.aws.clock.advance(seconds)


def is_connected(fleet: DemoFleet, client_id: str = "pump-01") -> bool:
    """Say whether the client is connected."""
    return fleet.broker.sessions.is_connected(client_id)


def reason(fleet: DemoFleet, client_id: str = "pump-01") -> str | None:
    """Why the client's last session ended."""
    session = fleet.broker.sessions.get(client_id)
    return session.disconnect_reason if session else None


def deactivate(fleet: DemoFleet, thing_name: str = "pump-01") -> None:
    """Deactivate every certificate of a thing, through the API."""
    for certificate_id in fleet.thing(thing_name).certificate_ids:
        fleet.iot.update_certificate(certificateId=certificate_id, newStatus="INACTIVE")


def principal(fleet: DemoFleet, thing_name: str = "pump-01") -> str:
    """The ARN of a thing's certificate."""
    return fleet.broker.registry.certificate_arn(fleet.certificate_id(thing_name))
