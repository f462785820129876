"""An alarm is answered: how the tests raise one, and what they ask of the stack afterwards."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from cordon.actions import actions_by_name
from cordon.actions.action import Action
from cordon.actions.sts_deny import StsDeny
from cordon.actions.sts_policy import StsPolicy
from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.incidents.sts_holds import StsHolds
from cordon.incidents.table import Table
from cordon.model.approval import ApprovalRequest
from cordon.model.change import LedgerEntry
from cordon.model.incident import Incident

from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE
from playtest.run.record import Record

ACCOUNT = "123456789012"
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


def at_rest(aws: LocalAws) -> dict[str, Incident]:
    """Every incident by its thing, after it was seen that nothing is left to do.

    A thing has one incident, an incident has one ticket, which waits for nothing, and no lock is left.
    """
    record = Record(aws)
    incidents = {incident.subject: incident for incident in record.incidents()}
    assert len(incidents) == len(record.incidents())
    for incident in incidents.values():
        (ticket,) = record.of_incident(incident.id, rows.TICKET)
        assert tickets_of(aws, incident.id) == [ticket["ticket_id"]]
        assert "due_at" not in ticket
    assert locks(aws) == []
    return incidents


def deaths(aws: LocalAws, functions: Sequence[str]) -> Iterator[int]:
    """Let each function die after its n-th write, for n after n, until none of them makes so many; the last is clean.

    To die after a read leaves behind what dying after the write before it leaves. A function of which none died was
    never played, so that its test would show nothing.
    """
    died: list[str] = []
    for number in count():
        for function in functions:
            aws.faults.stop_after_write(function, number)
        before = len(died)
        yield number
        aws.faults.clear()
        died = [death for death in aws.faults.struck if "stopped after" in death]
        if len(died) == before:
            break
    assert {death.split()[0] for death in died} == set(functions)


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


def actions_of(aws: LocalAws) -> dict[str, Action]:
    """Every action, over the stack's own resources."""
    table = aws.stack.resource("IncidentsTable")
    holds = StsHolds(Table(aws.client("dynamodb"), table))
    policy = StsPolicy(lambda: aws.client("iam"), aws.stack.resource("StsDenyPolicy"))
    return actions_by_name(aws.client("iot"), ACCOUNT, StsDeny(holds, policy, table_name=table))


def ledger_of(aws: LocalAws, incident: Incident) -> list[LedgerEntry]:
    """The changes of an incident, in their order, each with how far it has come."""
    return [parsed(LedgerEntry, row) for row in Record(aws).of_incident(incident.id, "CHANGE#")]


def undo(aws: LocalAws, incident: Incident) -> None:
    """Apply the inverse of what an incident changed, last change first."""
    actions = actions_of(aws)
    for entry in reversed(ledger_of(aws, incident)):
        actions[entry.change.action].apply(entry.change.inverse())


def run_command(aws: LocalAws, command: str) -> None:
    """Run a command of the AWS CLI as a ticket gives it."""
    _, service, operation, *options = shlex.split(command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    call = getattr(aws.client(service), operation.replace("-", "_"))
    # The CLI's options are the members of the operation's input, spelt another way.
    members = call.__self__.meta.service_model.operation_model(_operation(call)).input_shape.members
    spelt = {name.lower(): name for name in members}
    structures = {name for name, shape in members.items() if shape.type_name in {"map", "structure", "list"}}
    named = {spelt[name.removeprefix("--").replace("-", "")]: value for name, value in given.items()}
    call(**{name: json.loads(value) if name in structures else value for name, value in named.items()})


def _operation(call: Any) -> str:
    found: str = call.__self__.meta.method_to_api_mapping[call.__name__]
    return found


def locks(aws: LocalAws) -> list[str]:
    """The keys of the locks that are taken."""
    items = aws.client("dynamodb").scan(TableName=aws.stack.resource("IncidentsTable"))["Items"]
    return [item["pk"]["S"] for item in items if item["pk"]["S"].startswith(rows.of_lock(""))]


def request_of(aws: LocalAws, incident: Incident) -> ApprovalRequest:
    """The request for approval of an incident, as the record has it."""
    (row,) = Record(aws).of_incident(incident.id, rows.APPROVAL)
    return parsed(ApprovalRequest, row)


def told(aws: LocalAws, incident: Incident, verdict: str, by: str | None, plan: str | None = None) -> tuple[int, Any]:
    """What the desk answers to `by` who approves or rejects the incident's plan, or another one by its hash."""
    body = {"plan_hash": plan or request_of(aws, incident).plan_hash}
    return aws.ask_desk(by, "POST", f"/incidents/{incident.id}/{verdict}", body)


def approve(aws: LocalAws, incident: Incident, by: str = ALICE) -> Incident:
    """Approve the incident's plan, wait until everything that comes of it is done, and return the incident then."""
    return _decided(aws, incident, told(aws, incident, "approve", by))


def reject(aws: LocalAws, incident: Incident, by: str = ALICE) -> Incident:
    """Reject the incident's plan, wait until everything that comes of it is done, and return the incident then."""
    return _decided(aws, incident, told(aws, incident, "reject", by))


def let_time_out(aws: LocalAws, incident: Incident) -> Incident:
    """Let nobody answer the incident's request until it has run out, and return the incident then."""
    left = request_of(aws, incident).answer_until - aws.clock.now()
    aws.clock.advance(left.total_seconds() + 1)
    return _decided(aws, incident, (200, None))


def _decided(aws: LocalAws, incident: Incident, answered: tuple[int, Any]) -> Incident:
    assert answered[0] == 200, answered
    aws.settle()
    return next(one for one in Record(aws).incidents() if one.id == incident.id)
