"""Drop a live session. An effect: nothing of it can be undone, and nothing keeps the device from coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordon.model.change import Effect

if TYPE_CHECKING:
    from mypy_boto3_iot_data import IoTDataPlaneClient

DROP_SESSION = "drop_session"
DROPPED = "dropped"
ABSENT = "absent"
_PREFIX = "connection/"


def plan_drop(client_id: str, *, thing_name: str) -> Effect:
    """Return the effect that drops the session of a client id (`connection/<client id>`)."""
    return Effect(action=DROP_SESSION, resource=f"{_PREFIX}{client_id}", hits=[thing_name])


def client_id_of(effect: Effect) -> str:
    """Return the client id whose session the effect drops."""
    return effect.resource.removeprefix(_PREFIX)


def drop(iot_data: IoTDataPlaneClient, effect: Effect) -> str:
    """Drop the session and return `dropped`, or `absent` where there was none: AWS answers 404, which is success.

    Its last will is withheld: that is a message which the intruder may have written. The session's state is kept, since
    whoever drops a session by mistake cannot give queued messages back.
    """
    try:
        iot_data.delete_connection(clientId=client_id_of(effect), cleanSession=False, preventWillMessage=True)
    except iot_data.exceptions.ResourceNotFoundException:
        return ABSENT
    return DROPPED
