"""What AWS IoT itself says on `$aws/events/…`: who wants to hear it, and what is said when a client has connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from moto.iotdata.models import iotdata_backends

from playtest.fleet.sessions import Session

Event = Mapping[str, Any]
Listener = Callable[[str, Event], None]
"""Called with the topic (such as `$aws/events/presence/connected/<client id>`) and the message."""

_LISTENERS = "presence_listeners"  # kept on moto's backend, because a backend's attributes end with its mock


def listen(account: str, region: str, listener: Listener) -> None:
    """Let `listener` hear every event of this account and Region from now on; twice the same hears it once."""
    listeners = _listeners(account, region)
    setattr(iotdata_backends[account][region], _LISTENERS, tuple(dict.fromkeys([*listeners, listener])))


def tell_connected(account: str, region: str, session: Session) -> None:
    """Tell that a client has connected, in the shape of AWS IoT's lifecycle events."""
    event = {
        "clientId": session.client_id,
        "timestamp": int(session.connected_since.timestamp() * 1000),
        "eventType": "connected",
        "sessionIdentifier": str(uuid4()),
        "principalIdentifier": session.principal.rpartition("/")[2],
        "versionNumber": 0,
    }
    tell(account, region, f"$aws/events/presence/connected/{session.client_id}", event)


def tell(account: str, region: str, topic: str, event: Event) -> None:
    """Let every listener of this account and Region hear an event."""
    for listener in _listeners(account, region):
        listener(topic, event)


def _listeners(account: str, region: str) -> tuple[Listener, ...]:
    found: tuple[Listener, ...] = getattr(iotdata_backends[account][region], _LISTENERS, ())
    return found
