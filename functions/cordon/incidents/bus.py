"""Cordon's own bus: small, typed, versioned events that say where an incident stands. Never anything raw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cordon.errors import Throttled
from cordon.model.base import SCHEMA_VERSION
from cordon.model.incident import DETAIL_TYPE, Incident

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "cordon"
CONTAINMENT_QUESTIONED = "Containment Questioned"
"""A sighting dated after the proof of containment: its own playbook looks again."""


class Bus:
    """Where incidents are announced, and where EventBridge routes them to playbooks by `detail.playbook`."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        """Announce on the bus `name`."""
        self._client, self._name = client, name

    def announce(self, incident: Incident, detail_type: str | None = None) -> None:
        """Put the event of the incident's status on the bus, or the one named.

        Raises:
            Throttled: EventBridge did not take it.
        """
        detail = {
            "schema_version": SCHEMA_VERSION,
            "incident_id": incident.id,
            "playbook": incident.playbook,
            "thing_name": incident.subject,
            "severity": incident.severity,
            "status": incident.status,
        }
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": detail_type or DETAIL_TYPE[incident.status],
                    "Detail": json.dumps(detail),
                }
            ]
        )
        # PutEvents answers 200 also when it refused the entry.
        if answer["FailedEntryCount"]:
            raise Throttled(f"EventBridge refused the event of {incident.id}: {answer['Entries'][0].get('ErrorCode')}")
