from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from playtest.local_aws import LocalAws


def bodies_in(aws: LocalAws, queue: str) -> list[str]:
    """The bodies of what lies in a queue of the stack."""
    answer = aws.client("sqs").receive_message(QueueUrl=aws.stack.resource(queue), MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_record_has_the_shape_that_sqs_gives_it(aws: LocalAws, handlers: Any) -> None:
    """Triage reads these members, by these names, from real events."""
    seen: list[Any] = []
    handlers.triage = lambda event, _context: seen.extend(event["Records"])
    message_id = aws.publish_alarm("the alarm")
    aws.settle()
    record = seen[0]
    assert set(record) == {
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    }
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert int(record["attributes"]["SentTimestamp"]) > 1_700_000_000_000
    assert record["eventSourceARN"].startswith("arn:aws:sqs:eu-west-1:123456789012:")
    assert json.loads(record["body"])["MessageId"] == message_id


def test_without_raw_delivery_the_body_is_the_notification_of_sns(aws: LocalAws, handlers: Any) -> None:
    """Account and Region of an alarm come from TopicArn, so the envelope must be the true one."""
    seen: list[Any] = []
    handlers.triage = lambda event, _context: seen.extend(event["Records"])
    aws.publish_alarm('{"thingName": "pump"}')
    aws.settle()
    notification = json.loads(seen[0]["body"])
    signature = {"SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"}
    assert set(notification) == {"Type", "MessageId", "TopicArn", "Message", "Timestamp"} | signature
    assert notification["Type"] == "Notification"
    assert notification["TopicArn"] == aws.stack.resource("AlarmTopic")
    assert notification["Message"] == '{"thingName": "pump"}'


def test_only_the_failed_messages_of_a_batch_come_back(aws: LocalAws, handlers: Any) -> None:
    """ReportBatchItemFailures: what succeeded is deleted, what failed is delivered again."""
    counts: dict[str, int] = {}

    def triage(event: Any, _context: Any) -> Any:
        failed = []
        for record in event["Records"]:
            text = json.loads(record["body"])["Message"]
            counts[text] = counts.get(text, 0) + 1
            if text == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1":
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    handlers.triage = triage
    for text in ("good", "bad", "fine"):
        aws.publish_alarm(text)
    aws.settle()
    assert counts == {"good": 1, "bad": 2, "fine": 1}


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "unknown"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": ["x"]},
        {"other": []},
        "nonsense",
    ],
)
def test_an_answer_that_makes_no_sense_fails_the_whole_batch(aws: LocalAws, handlers: Any, answer: object) -> None:
    """Lambda treats a bad failure report as a failed batch: after three receipts it is in the DLQ."""
    handlers.triage = lambda _event, _context: answer
    aws.publish_alarm("x")
    aws.settle()
    assert len(aws.invocations) == 3
    assert len(bodies_in(aws, "AlarmDeadLetterQueue")) == 1


def test_a_batch_that_always_raises_ends_in_the_dead_letter_queue(aws: LocalAws, handlers: Any) -> None:
    """maxReceiveCount of the template counts, and no time passes between the deliveries."""

    def triage(_event: Any, _context: Any) -> None:
        raise ValueError("never")

    handlers.triage = triage
    aws.publish_alarm("x")
    aws.settle()
    assert len(aws.invocations) == 3
    assert json.loads(bodies_in(aws, "AlarmDeadLetterQueue")[0])["Message"] == "x"
    assert aws.clock.waited == 0


def test_messages_are_worked_on_at_once_up_to_the_maximum_concurrency(aws: LocalAws, handlers: Any) -> None:
    """The template allows four at once: four invocations meet before any of them ends."""
    meeting, arrived = threading.Barrier(4, timeout=10), threading.Semaphore(0)

    def triage(_event: Any, _context: Any) -> None:
        arrived.release()
        meeting.wait()

    handlers.triage = triage
    for text in ("a", "b", "c", "d"):
        aws.publish_alarm(text)
        assert arrived.acquire(timeout=10)
    aws.settle()
    assert [run.error for run in aws.invocations] == [None] * 4


def test_a_queue_whose_policy_does_not_let_the_topic_in_gets_nothing(aws: LocalAws) -> None:
    """On AWS this fails silently; here the loss is told."""
    aws.client("sqs").set_queue_attributes(QueueUrl=aws.stack.resource("AlarmQueue"), Attributes={"Policy": ""})
    aws.publish_alarm("x")
    aws.settle()
    assert not aws.invocations
    assert "sns.amazonaws.com sqs:SendMessage" in aws.undelivered[0]
    assert bodies_in(aws, "DeliveryDeadLetterQueue") == ["x"]
