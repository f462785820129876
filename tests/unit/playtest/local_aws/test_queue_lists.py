from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import utils
from moto.sqs.models import Message, Queue, sqs_backends

from playtest.local_aws import queue_lists, sessions
from playtest.local_aws.runtime import ACCOUNT

REGION = "eu-central-1"


@pytest.fixture
def sqs() -> Iterator[Any]:
    """SQS with one queue, called q, that keeps messages for a minute; its client."""
    queue_lists.install()
    with mock_aws():
        client = sessions.client("sqs", REGION)
        client.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "60", "VisibilityTimeout": "30"})
        yield client


def the_queue() -> Queue:
    """moto's own queue."""
    return sqs_backends[ACCOUNT][REGION].get_queue("q")


def url(sqs: Any) -> str:
    """The queue's URL."""
    found: str = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    return found


def received(sqs: Any, most: int = 10) -> list[dict[str, str]]:
    """The messages that are there to be received now."""
    found: list[dict[str, str]] = sqs.receive_message(QueueUrl=url(sqs), MaxNumberOfMessages=most).get("Messages", [])
    return found


def test_a_message_is_received_once_and_deleted_once(sqs: Any) -> None:
    """In flight it is not there for others; deleted again it is no error; a handle of none is one."""
    for body in "abc":
        sqs.send_message(QueueUrl=url(sqs), MessageBody=body)
    first, second = received(sqs, 2)
    assert [first["Body"], second["Body"]] == ["a", "b"]
    assert [one["Body"] for one in received(sqs)] == ["c"]
    for _ in range(2):
        sqs.delete_message(QueueUrl=url(sqs), ReceiptHandle=first["ReceiptHandle"])
    with pytest.raises(ClientError):
        sqs.delete_message(QueueUrl=url(sqs), ReceiptHandle="none")
    assert [message.body for message in the_queue()._messages] == ["b", "c"]
    assert {message.body for message in the_queue().pending_messages} == {"b", "c"}


@pytest.mark.parametrize(("seconds", "there"), [(29, []), (31, ["a"]), (61, [])])
def test_what_is_in_flight_comes_back_until_it_has_been_kept_long_enough(
    sqs: Any, monkeypatch: pytest.MonkeyPatch, seconds: int, there: list[str]
) -> None:
    """After the visibility time-out of 30 s, and no more after the minute for which the queue keeps it."""
    sqs.send_message(QueueUrl=url(sqs), MessageBody="a")
    assert len(received(sqs)) == 1
    later = utils.unix_time() + seconds
    for owner, name, now in (
        ("playtest.local_aws.queue_lists", "unix_time_millis", later * 1000),
        ("playtest.local_aws.queue_lists", "unix_time", later),
        ("moto.sqs.models", "unix_time_millis", later * 1000),
    ):
        monkeypatch.setattr(f"{owner}.{name}", lambda now=now: now)
    assert [one["Body"] for one in received(sqs)] == there


def test_to_send_one_looks_at_no_other(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else ten thousand messages would take as long as a hundred million; asked for its counts, the queue counts."""
    sqs.send_message(QueueUrl=url(sqs), MessageBody="a")
    with monkeypatch.context() as patched:
        patched.setattr(Message, "visible", property(lambda _message: pytest.fail("it was looked at")))
        sqs.send_message(QueueUrl=url(sqs), MessageBody="b")
    assert len(received(sqs, 1)) == 1
    counted = sqs.get_queue_attributes(QueueUrl=url(sqs), AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == "1"
    assert counted["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_queue_that_tells_duplicates_by_what_they_hold_still_does(sqs: Any) -> None:
    """It is asked for at each message that is sent."""
    asked = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    fifo = sqs.create_queue(QueueName="q.fifo", Attributes=asked)["QueueUrl"]
    for body in "aab":
        sqs.send_message(QueueUrl=fifo, MessageBody=body, MessageGroupId="g")
    assert [one.body for one in sqs_backends[ACCOUNT][REGION].get_queue("q.fifo")._messages] == ["a", "b"]


def test_no_message_is_lost_that_is_sent_while_others_are_deleted(sqs: Any) -> None:
    """Two send while two receive and delete: what was sent is what was received."""
    queue, sent, done = (
        url(sqs),
        [f"{sender}-{number}" for sender in range(2) for number in range(60)],
        threading.Event(),
    )
    got: list[str] = []

    def send(sender: int) -> None:
        for body in sent[sender * 60 : (sender + 1) * 60]:
            sqs.send_message(QueueUrl=queue, MessageBody=body)

    def take() -> None:
        while not (done.is_set() and not the_queue()._messages):
            for one in received(sqs):
                got.append(one["Body"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])

    takers = [threading.Thread(target=take) for _ in range(2)]
    senders = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in [*takers, *senders]:
        thread.start()
    for thread in senders:
        thread.join()
    done.set()
    for thread in takers:
        thread.join()
    assert set(got) == set(sent)
    assert the_queue()._messages == []
