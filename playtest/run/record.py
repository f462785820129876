"""The whole record of the local AWS, read once: its table, and the objects and tickets that it names."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.incidents.table import Row, decode
from cordon.model.incident import Incident

from playtest.local_aws import LocalAws

_OF_ALARM, _OF_INCIDENT = rows.of_alarm(""), rows.of_incident("")


class Record:
    """What the stack remembers, as it was when this was made."""

    def __init__(self, aws: LocalAws) -> None:
        """Read the whole table."""
        self._aws = aws
        self._by_pk: dict[str, list[Row]] = defaultdict(list)
        pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=aws.stack.resource("IncidentsTable"))
        for page in pages:
            for item in page["Items"]:
                row = decode(item)
                self._by_pk[row["pk"]].append(row)

    def incidents(self) -> list[Incident]:
        """Return the heads of all incidents, oldest first."""
        found = [
            parsed(Incident, row)
            for pk, held in self._by_pk.items()
            if pk.startswith(_OF_INCIDENT)
            for row in held
            if row["sk"] == rows.HEAD
        ]
        return sorted(found, key=lambda incident: (incident.opened_at, incident.id))

    def of_incident(self, incident_id: str, prefix: str) -> list[Row]:
        """Return the incident's rows whose sort key begins with `prefix`, in order."""
        held = self._by_pk.get(rows.of_incident(incident_id), [])
        return sorted((row for row in held if row["sk"].startswith(prefix)), key=lambda row: str(row["sk"]))

    def of_delivery(self, delivery_id: str) -> list[Row]:
        """Return what became of the alarms of one delivery: one row, or `/1`, `/2`, … where it held several."""
        alone = self._by_pk.get(rows.of_alarm(delivery_id), [])
        several = [pk for pk in self._by_pk if pk.startswith(f"{_OF_ALARM}{delivery_id}/")]
        return alone + [row for pk in sorted(several) for row in self._by_pk[pk]]

    def sha256(self, key: str) -> str | None:
        """Return the SHA-256 of an object of the evidence bucket, as it lies there; None where there is none."""
        try:
            answer = self._aws.client("s3").get_object(Bucket=self._aws.stack.resource("EvidenceBucket"), Key=key)
        except ClientError:
            return None
        return hashlib.sha256(answer["Body"].read()).hexdigest()

    def ops_item(self, ticket_id: str) -> dict[str, Any]:
        """Return the OpsItem of that id, in OpsCenter's words."""
        item: dict[str, Any] = self._aws.client("ssm").get_ops_item(OpsItemId=ticket_id)["OpsItem"]
        return item

    def states_of(self, incident_id: str) -> Iterator[str]:
        """Yield the states that the executions of an incident visited, in the order in which they started."""
        for execution in self._aws.executions():
            if isinstance(execution.input, dict) and execution.input.get("incident_id") == incident_id:
                yield from execution.states
