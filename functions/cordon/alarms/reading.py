"""Read any message of the alarm queue, whatever source it comes from."""

from __future__ import annotations

from datetime import datetime

from cordon.alarms import device_defender_detect, guardduty
from cordon.alarms.envelope import read_envelope
from cordon.alarms.source import Source
from cordon.alarms.strangers import refusal_of
from cordon.model.alarm import Alarm

SOURCES: tuple[Source, ...] = (device_defender_detect, guardduty)
"""Every source that is read. The first that recognises a message has it."""


def read_alarms(body: str, *, received_at: datetime) -> list[Alarm]:
    """Return the alarms that the body of one SQS message holds: one, or several of one source.

    `received_at` (aware) is when the message reached us; it is judged against the time that the alarm gives.

    Raises:
        AlarmRejected: nothing can ever be made of it; names the field, what was found and what was expected. No other
            error leaves here.
    """
    envelope = read_envelope(body)
    for source in SOURCES:
        if source.recognises(envelope):
            return source.parse(envelope, received_at=received_at)
    raise refusal_of(envelope, sources=tuple(source.name for source in SOURCES))
