"""A record, a bucket and a fleet without the stack: moto with the refusals of AWS IoT and OpsCenter, and a clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon import clock
from cordon.actions import actions_by_name
from cordon.actions.action import Action
from cordon.incidents import rows
from cordon.incidents.admission import Admission
from cordon.incidents.evidence import Evidence
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.incidents.table import Row, Table, key, update
from cordon.model.alarm import Alarm, AlarmKind, Severity
from cordon.model.change import Change, Plan
from cordon.model.evidence import EvidenceRef
from cordon.model.incident import Decision, Incident, Mode
from moto import mock_aws

from playtest.local_aws import (
    done_once,
    iot,
    iot_data,
    kms_keys,
    locks,
    ops_center,
    sessions,
    table_reads,
    transactions,
)

REGION = "eu-central-1"
ACCOUNT = "123456789012"
TABLE, BUCKET = "incidents", "evidence"
MORNING = datetime(2026, 11, 2, 12, tzinfo=UTC)
ME = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:contain_thing:mine"
OTHER = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:contain_thing:other"
THING = "pump-01"

_KEYS = ("pk", "sk", "due_kind", "due_at")


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = MORNING

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.moment

    def advance(self, **time: float) -> None:
        """Move on by so much, in the words of timedelta."""
        self.moment += timedelta(**time)

    def sleep(self, seconds: float) -> None:
        """Wait without waiting."""
        self.advance(seconds=seconds)


@dataclass
class Bed:
    """The record over a local table, with what the tests do to it again and again."""

    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.table = Table(self.client("dynamodb"), TABLE)
        self.incidents = Incidents(self.table)
        self.admission = Admission(self.incidents)
        self.evidence = Evidence(self.client("s3"), BUCKET, self.table)

    @staticmethod
    def client(service: str) -> Any:
        """Return a client of the local AWS."""
        return sessions.client(service, REGION)

    @property
    def iot(self) -> Any:
        """Return AWS IoT's control plane."""
        return self.client("iot")

    @property
    def actions(self) -> dict[str, Action]:
        """Return the real actions."""
        return actions_by_name(self.iot, ACCOUNT)

    def open_id(self, thing: str = THING) -> str | None:
        """Return the id of the incident that contain_thing has open for a thing of this account."""
        return self.incidents.open_under(rows.of_open(ACCOUNT, REGION, thing, "contain_thing"))

    def opened(self, **changed: Any) -> Incident:
        """Open an incident through an alarm, and return it."""
        admitted = self.admission.admit(an_alarm(**changed))
        assert admitted is not None
        return self.incidents.get(admitted.incident_id)

    def claim(self, incident_id: str, execution: str = ME) -> Incident:
        """Claim the incident as the playbook's ClaimIncident does."""
        self.set_head(incident_id, status="responding", claimed_by=execution)
        return self.incidents.get(incident_id)

    def set_head(self, incident_id: str, **fields: Any) -> None:
        """Set fields of an incident's row as they are, past every rule."""
        self.table.write(update(key(rows.of_incident(incident_id), rows.HEAD), set_=fields))

    def planned(self, *changes: Change, execution: str = ME, **changed: Any) -> Ledger:
        """Open and claim an incident, record a plan of these changes, and return its ledger."""
        incident = self.claim(self.opened(**changed).id, execution)
        ledger = Ledger(self.incidents, incident.id, execution)
        ledger.record_plan(
            Plan(changes=list(changes)), mode=Mode.AUTOMATIC, decision=Decision.AUTOMATIC, reasons=[], capsule=None
        )
        return ledger

    def rows(self, pk: str, prefix: str = "") -> list[Row]:
        """Return the rows of a partition."""
        return list(self.table.rows(pk, prefix))

    def everything(self) -> list[Any]:
        """Return every row of the table, as DynamoDB holds it."""
        items: list[Any] = self.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def an_alarm(**changed: Any) -> Alarm:
    """Return an alarm of pump-01, with some fields changed."""
    facts: dict[str, Any] = {
        "id": "4a368c7b-c98a-5f32-82ba-da33de9e4d57",
        "source": "device-defender-detect",
        "kind": AlarmKind.IN_ALARM,
        "playbook": "contain_thing",
        "thing_name": THING,
        "severity": Severity.HIGH,
        "raised_at": MORNING - timedelta(minutes=5),
        "received_at": MORNING,
        "account": ACCOUNT,
        "region": REGION,
        "finding_id": "violation-1",
        "signal": "aws:num-messages-sent",
        "summary": "pump-01 sent too much.",
        "raw": EvidenceRef(key="alarms/device-defender-detect/1", sha256="0" * 64),
    }
    return Alarm.model_validate(facts | changed)


@contextmanager
def make_bed() -> Iterator[Bed]:
    """Start a local AWS with an empty table and bucket, as quick as the playtest's, and end it."""
    for module in (iot, iot_data, kms_keys, ops_center, locks, transactions, table_reads, done_once):
        module.install()
    with mock_aws():
        bed = Bed()
        bed.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in _KEYS],
            KeySchema=_schema("pk", "sk"),
            GlobalSecondaryIndexes=[
                {"IndexName": "due", "KeySchema": _schema(*_KEYS[2:]), "Projection": {"ProjectionType": "ALL"}}
            ],
        )
        bed.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        clock.use(bed.clock.now, bed.clock.sleep)
        try:
            yield bed
        finally:
            clock.use(None)


def _schema(first: str, second: str) -> list[Any]:
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]


@pytest.fixture
def bed() -> Iterator[Bed]:
    """A record of no incidents, an empty bucket and an empty fleet."""
    with make_bed() as made:
        yield made
