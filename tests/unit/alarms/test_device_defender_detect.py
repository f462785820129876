from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cordon.alarms import detect_facts, read_alarms
from cordon.alarms.device_defender_detect import EXPECTED_WHILE_CONTAINED, SEVERITY_OF_METRIC
from cordon.errors import AlarmRejected
from cordon.model.alarm import AlarmKind, Severity

from .conftest import Load, Read, changed

RULE = "device-defender-detect.in-alarm.messages-sent"
IN_ALARM = "device-defender-detect.in-alarm."


def test_an_alert_becomes_an_alarm(load_event: Load, read: Read, received_at: datetime) -> None:
    """Every word of the alarm comes from its place in the message."""
    alarm = read(load_event(RULE))
    assert alarm.id == "4a368c7b-c98a-5f32-82ba-da33de9e4d57"
    assert (alarm.source, alarm.kind, alarm.playbook) == ("device-defender-detect", "in-alarm", "contain_thing")
    assert (alarm.thing_name, alarm.signal) == ("pump-01", "aws:num-messages-sent")
    assert (alarm.account, alarm.region) == ("123456789012", "eu-central-1")
    assert alarm.raised_at == datetime(2026, 10, 12, 8, tzinfo=UTC)
    assert alarm.received_at == received_at
    assert alarm.finding_id == load_event(RULE)["violationId"]
    assert alarm.summary == (
        "pump-01 broke behavior MessagesSent of security profile BottlingPlantDevices: "
        "aws:num-messages-sent was 54, while less-than 10 is normal."
    )


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("alarm-cleared.nothing-open", AlarmKind.ALARM_CLEARED),
        ("alarm-cleared.false-positive", AlarmKind.ALARM_CLEARED),
        ("alarm-invalidated.nothing-open", AlarmKind.ALARM_INVALIDATED),
    ],
)
def test_an_alarm_that_ends_is_an_alarm_of_its_kind(load_event: Load, read: Read, sample: str, kind: AlarmKind) -> None:
    """Cleared and invalidated are handed on: what becomes of them depends on what is open."""
    assert read(load_event(f"device-defender-detect.{sample}")).kind is kind


def test_an_alert_with_suppressed_alerts_is_an_alarm(load_event: Load, read: Read) -> None:
    """AWS sends none of these, so whoever did wanted it answered; the record says so."""
    alarm = read(changed(load_event(RULE), "behavior.suppressAlerts", value=True))
    assert alarm.kind is AlarmKind.IN_ALARM
    assert alarm.details["suppress_alerts"] is True


def test_a_time_in_seconds_is_said_to_be_one(load_event: Load, read: Read) -> None:
    """The API of AWS IoT gives seconds, so that this mistake is likely."""
    with pytest.raises(AlarmRejected, match="1792573200, which looks like seconds"):
        read(load_event(IN_ALARM + "time-in-seconds"))


@pytest.mark.parametrize(
    ("moment", "accepted"),
    [
        (datetime(2001, 9, 9, tzinfo=UTC), False),
        (datetime(2017, 11, 28, 23, 59, tzinfo=UTC), False),
        (datetime(2017, 11, 29, tzinfo=UTC), True),
        (datetime(2026, 11, 3, 11, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 3, 12, 1, tzinfo=UTC), False),
    ],
)
def test_a_time_is_trusted_from_the_announcement_until_a_day_ahead(
    load_event: Load, read: Read, moment: datetime, *, accepted: bool
) -> None:
    """No alarm is older than Device Defender, and clocks differ by less than a day."""
    message = changed(load_event(RULE), "violationEventTime", int(moment.timestamp() * 1000))
    if accepted:
        assert abs(read(message).raised_at - moment) < timedelta(milliseconds=1)
    else:
        with pytest.raises(AlarmRejected) as caught:
            read(message)
        assert caught.value.field == "violationEventTime"


@pytest.mark.parametrize("metric", sorted(detect_facts.CLOUD_METRICS | detect_facts.DEVICE_METRICS))
def test_every_metric_of_aws_is_known(load_event: Load, read: Read, metric: str) -> None:
    """Only the four that being refused causes are expected of a contained device."""
    alarm = read(changed(load_event(RULE), "behavior.metric", metric))
    assert alarm.signal == metric
    assert alarm.expected_while_contained is (metric in EXPECTED_WHILE_CONTAINED)
    assert alarm.severity is SEVERITY_OF_METRIC.get(metric, Severity.MEDIUM)


@pytest.mark.parametrize(("confidence", "severity"), [("HIGH", "high"), ("MEDIUM", "medium"), ("LOW", "low")])
def test_severity_follows_the_confidence_of_ml_detect(
    load_event: Load, read: Read, confidence: str, severity: str
) -> None:
    """ML Detect says how sure it is, which counts for more than the metric."""
    message = load_event(IN_ALARM + "ml-with-value")
    message["behavior"]["metric"] = "aws:source-ip-address"
    assert read(changed(message, "violationEventAdditionalInfo.confidenceLevel", confidence)).severity == severity


@pytest.mark.parametrize(
    ("sample", "field", "found"),
    [
        ("device-metrics.report.long-keys", "header", "a metrics report of a device"),
        ("device-metrics.report.short-keys", "hed", "a metrics report of a device, in short keys"),
        ("device-defender-audit.task.summary", "taskId", "the summary of a Device Defender audit task"),
        ("device-defender-audit.finding.shared-certificate", "findingId", "a finding of Device Defender Audit"),
    ],
)
def test_what_is_no_alarm_is_rejected_for_what_it_is(
    load_event: Load, read: Read, sample: str, field: str, found: str
) -> None:
    """Messages that often land on the wrong topic are called by their name."""
    with pytest.raises(AlarmRejected) as caught:
        read(load_event(sample))
    assert (caught.value.field, caught.value.found) == (field, found)


def test_a_message_that_nobody_knows_is_rejected_with_the_sources_that_are_read(read: Read) -> None:
    """An operator learns what Cordon would have understood."""
    with pytest.raises(AlarmRejected, match="device-defender-detect") as caught:
        read({"hello": "world"})
    assert caught.value.field == "Message"


def test_an_event_of_a_source_that_is_not_read_is_rejected(load_event: Load, received_at: datetime) -> None:
    """No rule routes it; were it put into the queue all the same, it would not be lost silently."""
    body = json.dumps(load_event("guardduty.api-call.decoy"))
    with pytest.raises(AlarmRejected, match=r"aws\.guardduty.*AWS API Call via CloudTrail") as caught:
        read_alarms(body, received_at=received_at)
    assert caught.value.field == "source"
