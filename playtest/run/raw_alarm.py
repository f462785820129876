"""A raw alarm: text as it came from somewhere, and where AWS would put it in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from playtest.run.bad_scenario import BadScenario

STANDARD_INPUT = "-"
_CERTIFICATE_ID = re.compile(r"\$\{certificate-id:([^}]*)\}")
_ROLE_ID = re.compile(r"\$\{role-id:([^}]*)\}")
_NOW = "${now}"


@dataclass(frozen=True)
class Message:
    """A text that is published on the alarm topic, as Device Defender does it."""

    text: str


@dataclass(frozen=True)
class Event:
    """An EventBridge event that is put on the default bus, as an AWS service does it."""

    event: dict[str, Any]

    def word(self, name: str) -> str | None:
        """Return a text at the top of the event; None where there is none."""
        found = self.event.get(name)
        return found if isinstance(found, str) else None


@dataclass(frozen=True)
class RawAlarm:
    """One FILE: its name as given, and its text."""

    file: str
    text: str

    def things_named(self) -> list[str]:
        """Return the things whose certificate ids stand in the text as `${certificate-id:THING}`."""
        return _CERTIFICATE_ID.findall(self.text)

    def roles_named(self) -> list[str]:
        """Return the roles whose unique ids stand in the text as `${role-id:ROLE}`."""
        return _ROLE_ID.findall(self.text)

    def filled_in(self, certificate_id: Callable[[str], str], role_id: Callable[[str], str], now: datetime) -> str:
        """Return the text with its placeholders filled; `${now}` becomes epoch milliseconds."""
        with_certificates = _CERTIFICATE_ID.sub(lambda match: certificate_id(match[1]), self.text)
        with_ids = _ROLE_ID.sub(lambda match: role_id(match[1]), with_certificates)
        return with_ids.replace(_NOW, str(int(now.timestamp() * 1000)))


def read_raw_alarm(file: str, standard_input: BinaryIO) -> RawAlarm:
    """Read one FILE; `-` is standard input.

    Raises:
        BadScenario: it cannot be read, or it is not text.
    """
    if not file:  # which Path takes for this folder
        raise BadScenario("FILE", file, "the name of a file")
    try:
        # Bytes in both cases: text read as lines would lose its carriage returns, and hide what is not UTF-8.
        data = (standard_input.read() if file == STANDARD_INPUT else Path(file).read_bytes()).decode()
    except UnicodeDecodeError:
        raise BadScenario("FILE", file, "text in UTF-8") from None
    except OSError as error:
        raise BadScenario("FILE", file, f"a file that can be read ({error.strerror})") from None
    except ValueError:
        raise BadScenario("FILE", file, "the name of a file") from None  # a NUL in the name
    return RawAlarm(file, data)


def posts_in(text: str) -> list[Message | Event]:
    """Return what AWS would be handed for this text, and in which form.

    An EventBridge event is one; a Lambda's view of SNS (`Records`) holds one message a record. Whatever else it is, it
    is what Device Defender's publish would carry: it goes out as it is, JSON or not.
    """
    outside = _json(text)
    if isinstance(outside, dict) and "detail-type" in outside:
        return [Event(outside)]
    return [Message(message) for message in _sns_messages(outside)] or [Message(text)]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _sns_messages(outside: Any) -> list[str]:
    """Return the messages of an SNS envelope; none where any record is not of that form."""
    records = outside.get("Records") if isinstance(outside, dict) else None
    if not isinstance(records, list):
        return []
    messages = [_sns_message(record) for record in records]
    return [message for message in messages if message is not None] if None not in messages else []


def _sns_message(record: Any) -> str | None:
    sns = record.get("Sns") if isinstance(record, dict) else None
    message = sns.get("Message") if isinstance(sns, dict) else None
    return message if isinstance(message, str) else None
