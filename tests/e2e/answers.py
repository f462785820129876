"""An alarm is answered: how the tests raise one, and what they ask of the stack afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable

from cordon.incidents import rows
from cordon.model.incident import Incident

from playtest.local_aws import LocalAws
from playtest.run.record import Record

Alarm = Callable[..., str]
"""The fixture `alarm`: the text of an alarm about a thing."""
Up = Callable[..., LocalAws]
"""The fixture `up`: a local AWS with these template parameters."""


def answer(aws: LocalAws, alarm: str) -> None:
    """Publish an alarm, and wait until everything that comes of it is done."""
    aws.publish_alarm(alarm)
    aws.settle()


def the_incident(aws: LocalAws) -> Incident:
    """The only incident there is."""
    (incident,) = Record(aws).incidents()
    return incident


def answered(aws: LocalAws, alarm: str) -> Incident:
    """The only incident there is, after one more alarm."""
    answer(aws, alarm)
    return the_incident(aws)


def incident_of(aws: LocalAws, thing: str) -> Incident:
    """The only incident of a thing."""
    (incident,) = [one for one in Record(aws).incidents() if one.thing_name == thing]
    return incident


def tickets_of(aws: LocalAws, incident_id: str) -> list[str]:
    """The ids of the OpsItems that are about an incident, known to its record or not."""
    about = json.dumps({"key": "cordon-incident", "value": incident_id}, separators=(",", ":"))
    found = aws.client("ssm").describe_ops_items(
        OpsItemFilters=[{"Key": "OperationalData", "Values": [about], "Operator": "Equal"}]
    )
    return [item["OpsItemId"] for item in found["OpsItemSummaries"]]


def told_in_ticket(aws: LocalAws, incident_id: str, name: str) -> str:
    """What the ticket that the incident's record names says under `name`."""
    record = Record(aws)
    (row,) = record.of_incident(incident_id, rows.TICKET)
    told: str = record.ops_item(row["ticket_id"])["OperationalData"][name]["Value"]
    return told


def pages(aws: LocalAws) -> list[str]:
    """The subjects of the pages that went out."""
    topic = aws.stack.resource("PageTopic")
    published = [call for call in aws.calls.of(service="sns", operation="Publish") if call.error is None]
    return [call.params["Subject"] for call in published if call.params["TopicArn"] == topic]


def locks(aws: LocalAws) -> list[str]:
    """The keys of the locks that are taken."""
    items = aws.client("dynamodb").scan(TableName=aws.stack.resource("IncidentsTable"))["Items"]
    return [item["pk"]["S"] for item in items if item["pk"]["S"].startswith(rows.of_lock(""))]
