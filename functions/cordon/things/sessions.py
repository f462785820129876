"""The sessions of a thing: under which client ids it may be connected, and which of them are another's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from cordon.model.thing import THING_NAME, SessionFacts

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_iot_data import IoTDataPlaneClient


class Recorded(Protocol):
    """Who knows which client ids connected with which certificates."""

    def client_ids(self, certificate_id: str) -> tuple[list[str], bool]:
        """Return the newest client ids that connected with the certificate, and whether there are more."""
        ...

    def last_certificate(self, client_id: str) -> str | None:
        """Return the id of the certificate with which the client id connected last; None: nothing is recorded."""
        ...


class SessionReader:
    """Asks the broker about client ids. Whoever has a device's key chooses them: none is believed to be the thing's."""

    def __init__(self, iot: IoTClient, iot_data: IoTDataPlaneClient, recorded: Recorded | None) -> None:
        """Read through the two clients; `recorded` None: no connections are recorded."""
        self._iot, self._iot_data, self._recorded = iot, iot_data, recorded
        self._certificates: dict[str, dict[str, str]] = {}
        self._shared: dict[str, bool] = {}

    def of_certificates(self, certificate_ids: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the client ids recorded for these certificates, and which certificates have more than were read."""
        ids: list[str] = []
        beyond: list[str] = []
        for certificate_id in certificate_ids if self._recorded else ():
            found, is_more = self._recorded.client_ids(certificate_id) if self._recorded else ([], False)
            ids += found
            beyond += [certificate_id] if is_more else []
        return ids, beyond

    def last_seen(self, thing_name: str) -> str | None:
        """Return the client id under which fleet indexing saw the thing last, if it knows one."""
        try:
            return self._iot.get_thing_connectivity_data(thingName=thing_name).get("clientId")
        except (
            self._iot.exceptions.ResourceNotFoundException,
            # Fleet indexing is off or not ready: then only what is known otherwise is looked at.
            self._iot.exceptions.IndexNotReadyException,
        ):
            return None

    def read(self, client_id: str, thing_name: str) -> SessionFacts:
        """Return what the broker says of a client id, and whether it is the thing's own."""
        if not _can_be_asked_about(client_id):
            return SessionFacts(client_id=client_id, connected=None, foreign="no request to AWS can name it")
        try:
            found = self._iot_data.get_connection(clientId=client_id)
        except self._iot_data.exceptions.ResourceNotFoundException:
            # The broker forgets a client half an hour after it left: it has no session.
            foreign = self._foreign(client_id, thing_name, None)
            return SessionFacts(client_id=client_id, connected=False, foreign=foreign)
        return SessionFacts(
            client_id=client_id,
            connected=found.get("connected"),
            reason=found.get("disconnectReason"),
            left_at=_moment(found.get("disconnectedSince")),
            foreign=self._foreign(client_id, thing_name, found.get("thingName")),
            thing_name=found.get("thingName"),
        )

    def _foreign(self, client_id: str, thing_name: str, belongs_to: str | None) -> str | None:
        """Say why a client id belongs to another thing than `thing_name`, if it does: then it is not ours to touch."""
        if belongs_to not in {None, thing_name}:
            return f"its session is the thing {belongs_to}'s"
        if client_id != thing_name and self._is_thing(client_id):
            return "it is the name of another thing"
        last = self._recorded.last_certificate(client_id) if self._recorded else None
        if last is None:
            return None
        arn = self._certificates_of(thing_name).get(last)
        if arn is None:
            return f"it connected last with certificate {last}, which is not this thing's"
        # The name is nobody else's, and AWS itself may have told whose session it is; any other may be a bystander's.
        if thing_name not in {client_id, belongs_to} and self._is_shared(arn):
            return f"it connected last with certificate {last}, which other things use too"
        return None

    def _is_thing(self, name: str) -> bool:
        if not THING_NAME.fullmatch(name):
            return False
        try:
            self._iot.describe_thing(thingName=name)
        except self._iot.exceptions.ResourceNotFoundException:
            return False
        return True

    def _certificates_of(self, thing_name: str) -> dict[str, str]:
        """Return the ARNs of the thing's principals by id; read once, and only where a connection is recorded."""
        if thing_name not in self._certificates:
            arns = principals_of(self._iot, thing_name)
            self._certificates[thing_name] = {arn.rpartition("/")[2]: arn for arn in arns}
        return self._certificates[thing_name]

    def _is_shared(self, arn: str) -> bool:
        if arn not in self._shared:
            self._shared[arn] = len(self._iot.list_principal_things(principal=arn, maxResults=2)["things"]) > 1
        return self._shared[arn]


def principals_of(iot: IoTClient, thing_name: str) -> list[str]:
    """Return the ARNs of all principals of the thing, in order."""
    pages = iot.get_paginator("list_thing_principals").paginate(thingName=thing_name)
    return sorted(arn for page in pages for arn in page["principals"])


def _can_be_asked_about(client_id: str) -> bool:
    """Say whether GetConnection takes the client id: it has it in its URL, where HTTP takes dots alone for folders.

    AWS refuses one that begins with a dollar sign (GetConnection, `clientId`): the refusal would end the assessment.
    """
    return client_id not in {".", ".."} and not client_id.startswith("$")


def _moment(milliseconds: int | None) -> datetime | None:
    """Return a time of the broker's (GetConnection: Unix time in milliseconds) as an aware one."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
