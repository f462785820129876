"""Sample alarms, and the body that SQS brings when one of them was published to the alarm topic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cordon.alarms import read_alarms
from cordon.model.alarm import Alarm
from cordon.model.base import sha256_hex

from playtest.run.raw_alarm import RawAlarm

EVENTS = Path(__file__).parents[3] / "events"
RECEIVED_AT = datetime(2026, 11, 2, 12, tzinfo=UTC)

Load = Callable[[str], Any]
Delivered = Callable[[str], str]
Read = Callable[[object], Alarm]


def changed(message: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Put `value` at a dotted path of the message."""
    *parents, last = path.split(".")
    part = message
    for parent in parents:
        part = part[parent]
    part[last] = value
    return message


@pytest.fixture(scope="session")
def received_at() -> datetime:
    """When the tests' messages reach us."""
    return RECEIVED_AT


@pytest.fixture(scope="session")
def load_event() -> Load:
    """Read a sample of `events/` by the start of its name; a fresh copy each time."""

    def load(start: str) -> Any:
        (path,) = EVENTS.glob(f"{start}-*.json")
        return json.loads(path.read_text())

    return load


def certificate_id(thing: str) -> str:
    """What stands for the id of a thing's certificate."""
    return sha256_hex(thing)


def role_id(role: str) -> str:
    """What stands for the unique id of a role."""
    return f"AROA{role.upper():0<17}"


def filled(text: str) -> str:
    """A sample's text with its placeholders filled."""
    raw = RawAlarm("sample", text)
    return raw.filled_in(certificate_id, role_id, RECEIVED_AT)


@pytest.fixture(scope="session")
def load_finding() -> Load:
    """Read a GuardDuty event of `events/` by its case, with its placeholders filled; a fresh copy each time."""

    def load(case: str) -> Any:
        pattern = re.compile(rf"guardduty\.finding\.{case}-[a-z_]+\.json")
        (path,) = [path for path in EVENTS.iterdir() if pattern.fullmatch(path.name)]
        return json.loads(filled(path.read_text()))

    return load


@pytest.fixture(scope="session")
def delivered() -> Delivered:
    """Wrap a text as SNS does when it delivers it to a queue (raw delivery off)."""

    def wrap(text: str) -> str:
        notification = {
            "Type": "Notification",
            "MessageId": "4a368c7b-c98a-5f32-82ba-da33de9e4d57",
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:cordon-alarms",
            "Message": text,
            "Timestamp": "2026-10-12T08:00:01.527Z",
            "SignatureVersion": "1",
            "Signature": "RVhBTVBMRQ==",
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
            "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
        }
        return json.dumps(notification)

    return wrap


@pytest.fixture(scope="session")
def read(delivered: Delivered) -> Read:
    """Read the one alarm of a message that was published to the alarm topic."""

    def read_one(message: object) -> Alarm:
        (alarm,) = read_alarms(delivered(json.dumps(message)), received_at=RECEIVED_AT)
        return alarm

    return read_one
