"""AWS IoT's data plane in moto: shadows, and DeleteConnection and GetConnection over the broker of the demo fleet."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iotdata.responses import IoTDataPlaneResponse

from playtest.fleet.broker import Broker, live
from playtest.fleet.sessions import NoSession, Session
from playtest.local_aws import iot_shadows
from playtest.local_aws.iot_errors import InvalidRequest, NotFound
from playtest.local_aws.moto_methods import add
from playtest.local_aws.request_shapes import members

_CLIENT_ID = re.compile(r"[^$].{0,127}", re.DOTALL)
"""botocore, iot-data, ClientId."""


@cache
def install() -> None:
    """Put all of it into moto, once per process. The broker answers that the fleet has put in `use`."""
    iot_shadows.install()
    add(IoTDataPlaneResponse, delete_connection=_delete_connection, get_connection=_get_connection)


def _delete_connection(response: Any) -> ActionResult:
    """Drop the session of a client; 404 where it has none, which means that it is offline (AWS-FACTS 1.5).

    A will message is never sent here, so `preventWillMessage` is taken and changes nothing.
    """
    client_id, broker = _client_id(response), _broker(response)
    try:
        broker.drop(client_id, clean_session=bool(members(response).get("cleanSession")))
    except NoSession:
        raise NotFound from None
    return EmptyResult()


def _get_connection(response: Any) -> ActionResult:
    session = _broker(response).sessions.get(_client_id(response))
    if session is None:
        raise NotFound
    return ActionResult({name: value for name, value in _described(session).items() if value is not None})


def _described(session: Session) -> dict[str, Any]:
    return {
        "connected": session.connected,
        "thingName": session.thing_name,
        "clientId": session.client_id,
        "cleanSession": session.clean_session,
        "connectedSince": _milliseconds(session.connected_since),
        "disconnectedSince": _milliseconds(session.disconnected_since),
        "disconnectReason": session.disconnect_reason,
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _client_id(response: Any) -> str:
    client_id = str(members(response)["clientId"])
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise InvalidRequest(f"Invalid client id: {client_id[:128]}")
    return client_id


def _broker(response: Any) -> Broker:
    broker = live(response.current_account, response.region)
    if broker is None:
        raise NotFound  # no fleet, no session
    return broker
