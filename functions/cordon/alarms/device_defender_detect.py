"""Device Defender Detect over SNS: a thing's behavior broke a security profile, or keeps to it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from cordon.alarms.detect_facts import facts_of, summary_of
from cordon.alarms.device_defender_message import ViolationEvent
from cordon.alarms.envelope import Envelope, SnsNotification
from cordon.alarms.rejection import rejection
from cordon.alarms.times import CLOCKS_DIFFER
from cordon.errors import AlarmRejected
from cordon.model.alarm import Alarm, AlarmKind, Severity
from cordon.model.text import shortened

name: Final = "device-defender-detect"
PLAYBOOK: Final = "contain_thing"

ANNOUNCED: Final = datetime(2017, 11, 29, tzinfo=UTC)
"""When AWS announced Device Defender: no alarm of it is older. Seconds read as milliseconds fall in 1970."""
SIGNAL_LENGTH: Final = 128
"""The longest name that AWS allows a custom metric."""

_MARKS = frozenset(
    {"violationEventType", "violationEventTime", "violationId", "securityProfileName", "behavior", "metricValue"}
)
"""Top-level keys that only a Detect alert has: any of them makes the message ours to judge."""

EXPECTED_WHILE_CONTAINED: Final = frozenset(
    {
        "aws:num-authorization-failures",
        "aws:num-connection-attempts",
        "aws:num-disconnects",
        "aws:disconnect-duration",
    }
)
"""Metrics that a contained device breaks by trying to come back."""

SEVERITY_OF_METRIC: Final = {
    # Somebody acts from another place, or opened a door: the key or the device is in other hands.
    "aws:source-ip-address": Severity.HIGH,
    "aws:destination-ip-addresses": Severity.HIGH,
    "aws:listening-tcp-ports": Severity.HIGH,
    "aws:listening-udp-ports": Severity.HIGH,
    "aws:num-listening-tcp-ports": Severity.HIGH,
    "aws:num-listening-udp-ports": Severity.HIGH,
    # Somebody tries what the policy forbids.
    "aws:num-authorization-failures": Severity.HIGH,
    # A bad line does the same.
    "aws:num-disconnects": Severity.LOW,
    "aws:disconnect-duration": Severity.LOW,
}
"""Device Defender gives no severity. This is ours, by what was measured; amounts and custom metrics are medium."""

SEVERITY_OF_CONFIDENCE: Final = {"HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM, "LOW": Severity.LOW}
"""ML Detect says itself how sure it is, which counts for more than the metric."""


def recognises(envelope: Envelope) -> bool:
    """Say whether the message has any key of a Detect alert. Device Defender speaks over SNS only (AWS-FACTS 1.2)."""
    return isinstance(envelope, SnsNotification) and not _MARKS.isdisjoint(envelope.message)


def parse(envelope: Envelope, *, received_at: datetime) -> list[Alarm]:
    """Return the one alarm of a Detect alert.

    An alert whose behavior has `suppressAlerts` is an alarm too: AWS itself sends none, so somebody sent it on purpose.

    Raises:
        AlarmRejected: a field is missing or is not what AWS sends there; it is named as a path within `Message`.
    """
    if not isinstance(envelope, SnsNotification):
        raise AlarmRejected(field="source", found="an EventBridge event", expected="an SNS notification")
    event = _read(envelope)
    metric = event.behavior.metric
    alarm = Alarm(
        id=envelope.id,
        source=name,
        kind=AlarmKind(event.violation_event_type),
        playbook=PLAYBOOK,
        thing_name=event.thing_name,
        severity=severity_of(event),
        raised_at=_raised_at(event, received_at),
        received_at=received_at,
        account=envelope.account,
        region=envelope.region,
        finding_id=event.violation_id,
        signal=shortened(metric, SIGNAL_LENGTH),
        expected_while_contained=metric in EXPECTED_WHILE_CONTAINED,
        disputed=event.verification_state == "FALSE_POSITIVE",
        summary=summary_of(event),
        details=facts_of(event),
    )
    return [alarm]


def severity_of(event: ViolationEvent) -> Severity:
    """Return how bad the alarm is: by ML Detect's confidence when it gives one, else by what was measured."""
    if event.detection == "ml" and event.confidence:
        return SEVERITY_OF_CONFIDENCE[event.confidence]
    return SEVERITY_OF_METRIC.get(event.behavior.metric, Severity.MEDIUM)


def _read(envelope: SnsNotification) -> ViolationEvent:
    try:
        event = ViolationEvent.model_validate(envelope.message)
    except ValidationError as error:
        raise rejection(error, whole="Message") from None  # pydantic's own error repeats the payload
    compares = event.detection in {"rule", "statistical"}
    if event.violation_event_type == "in-alarm" and compares and event.metric_value is None:
        raise AlarmRejected(field="metricValue", found="nothing", expected="what was measured")
    return event


def _raised_at(event: ViolationEvent, received_at: datetime) -> datetime:
    millis = event.violation_event_time
    latest = received_at + CLOCKS_DIFFER
    if _millis(ANNOUNCED) <= millis <= _millis(latest):
        return datetime.fromtimestamp(millis / 1000, tz=UTC)
    in_seconds = _millis(ANNOUNCED) <= millis * 1000 <= _millis(latest)
    raise AlarmRejected(
        field="violationEventTime",
        found=shortened(str(millis), 40) + (", which looks like seconds" if in_seconds else ""),
        expected=f"epoch milliseconds from {ANNOUNCED:%Y-%m-%d} to {latest:%Y-%m-%dT%H:%M:%SZ}",
    )


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
