from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from cordon.alarms.envelope import MAX_BODY_BYTES, EventBridgeEvent, SnsNotification, read_envelope
from cordon.alarms.untrusted_json import MAX_DEPTH
from cordon.errors import AlarmRejected

from .conftest import Delivered, Load


def test_a_notification_gives_account_and_region_of_its_topic(delivered: Delivered) -> None:
    """Device Defender names neither, so both come from TopicArn."""
    envelope = read_envelope(delivered('{"violationId": "1"}'))
    assert isinstance(envelope, SnsNotification)
    assert (envelope.account, envelope.region) == ("123456789012", "eu-central-1")
    assert envelope.id == "4a368c7b-c98a-5f32-82ba-da33de9e4d57"
    assert envelope.sent_at == datetime(2026, 10, 12, 8, 0, 1, 527000, tzinfo=UTC)
    assert envelope.message == {"violationId": "1"}


def test_an_event_of_eventbridge_is_read_with_its_detail(load_finding: Load) -> None:
    """The envelope suits sources that come by rule as well."""
    envelope = read_envelope(json.dumps(load_finding("device-credentials")))
    assert isinstance(envelope, EventBridgeEvent)
    assert (envelope.source, envelope.detail_type) == ("aws.guardduty", "GuardDuty Finding")
    assert (envelope.account, envelope.region) == ("123456789012", "eu-west-1")
    assert envelope.detail["severity"] == 5


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "JSON"),
        ("pump-01 is bad", "JSON"),
        ("[]", "a JSON object"),
        ("null", "a JSON object"),
        ('{"a": NaN}', "finite numbers"),
        ('{"a": -Infinity}', "finite numbers"),
        ('{"a": 1e999}', "finite numbers"),
        ('{"a": ' + "9" * 5000 + "}", "reasonable length"),
        ('{"a": "\\ud800"}', "whole Unicode"),
        ('{"a": 1, "a": 2}', "every key once"),
        ('{"a": {"b": 1, "b": 1}}', "every key once"),
        ('{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "levels"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "levels"),
        ('{"a": ' + "[" * 100_000, "levels"),
        ('{"violationId": "1"}', "raw message delivery off"),
        ('{"a": "' + "x" * MAX_BODY_BYTES + '"}', "at most 1048576 bytes"),
        ('{"a": "' + "é" * (MAX_BODY_BYTES // 2) + '"}', "at most 1048576 bytes"),
    ],
    ids=lambda text: text[:24],
)
def test_a_body_that_is_neither_form_is_rejected(body: str, expected: str) -> None:
    """Whatever lies in the queue, the rejection names the body and says what it should have been."""
    with pytest.raises(AlarmRejected) as caught:
        read_envelope(body)
    assert caught.value.field == "body"
    assert expected in caught.value.expected


def test_a_key_that_is_repeated_among_many_is_found_at_once() -> None:
    """The largest message takes a second at most: one that took minutes would take its whole batch with it."""
    keys = [f'"{number:05x}":0' for number in range(40_000)]
    began = time.process_time()
    with pytest.raises(AlarmRejected, match="every key once"):
        read_envelope("{" + ",".join([*keys, keys[-1]]) + "}")
    assert time.process_time() - began < 5


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1])
def test_nesting_up_to_the_limit_is_read(delivered: Delivered, depth: int) -> None:
    """The limit is well above what AWS sends, and not lower than it says."""
    envelope = read_envelope(delivered('{"a": ' + "[" * (depth - 1) + "1" + "]" * (depth - 1) + "}"))
    assert isinstance(envelope, SnsNotification)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Type": "SubscriptionConfirmation"}, "Type"),
        ({"Type": "UnsubscribeConfirmation"}, "Type"),
        ({"Type": None}, "Type"),
        ({"MessageId": ""}, "MessageId"),
        ({"MessageId": "a/b"}, "MessageId"),
        ({"MessageId": "x" * 129}, "MessageId"),
        ({"TopicArn": "arn:aws:sqs:eu-central-1:123456789012:q"}, "TopicArn"),
        ({"TopicArn": "arn:aws:sns:eu-central-1:12345678901:t"}, "TopicArn"),
        ({"TopicArn": ["arn"]}, "TopicArn"),
        ({"Timestamp": "yesterday"}, "Timestamp"),
        ({"Timestamp": 1792573200}, "Timestamp"),
        ({"Timestamp": "2026-10-12T08:00:01"}, "Timestamp"),
        ({"Timestamp": "0001-01-01T00:00:00+14:00"}, "Timestamp"),
        ({"Message": {"violationId": "1"}}, "Message"),
        ({"Message": "[]"}, "Message"),
        ({"Message": "{"}, "Message"),
    ],
)
def test_a_wrong_field_of_a_notification_is_named(delivered: Delivered, change: dict[str, Any], field: str) -> None:
    """Fields of SNS are named as SNS spells them."""
    with pytest.raises(AlarmRejected) as caught:
        read_envelope(json.dumps({**json.loads(delivered("{}")), **change}))
    assert caught.value.field == field


@pytest.mark.parametrize("missing", ["Type", "MessageId", "Message", "Timestamp"])
def test_a_missing_field_of_a_notification_is_named(delivered: Delivered, missing: str) -> None:
    """What is not there is found as nothing."""
    notification = json.loads(delivered("{}"))
    del notification[missing]
    with pytest.raises(AlarmRejected) as caught:
        read_envelope(json.dumps(notification))
    assert (caught.value.field, caught.value.found) == (missing, "nothing")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"source": 7}, "source"),
        ({"detail-type": []}, "detail-type"),
        ({"account": 123456789012}, "account"),
        ({"account": "١٢٣٤٥٦٧٨٩٠١٢"}, "account"),
        ({"region": "eu central"}, "region"),
        ({"time": 1.5}, "time"),
        ({"detail": "text"}, "detail"),
        ({"detail": None}, "detail"),
    ],
)
def test_a_wrong_field_of_an_event_is_named(load_event: Load, change: dict[str, Any], field: str) -> None:
    """Fields of EventBridge are named as EventBridge spells them; digits of other scripts are no account."""
    with pytest.raises(AlarmRejected) as caught:
        read_envelope(json.dumps({**load_event("s3.object.created"), **change}))
    assert caught.value.field == field


def test_a_rejection_carries_no_more_of_the_payload_than_it_quotes(delivered: Delivered) -> None:
    """A log of the error must not hold what came in: pydantic's own error, which does, is not its cause."""
    with pytest.raises(AlarmRejected) as caught:
        read_envelope(json.dumps({**json.loads(delivered("{}")), "Message": ["secret" * 200]}))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert len(str(caught.value)) < 200
