from __future__ import annotations

import json

from playtest.local_aws import LocalAws
from playtest.result import DeadLetter
from playtest.run.queues import dead_letters, rejections

ALARMS, DELIVERIES = "AlarmDeadLetterQueue", "DeliveryDeadLetterQueue"
SWEEP = "arn:aws:lambda:eu-west-1:123456789012:function:cordon-SweepFunction"
TRIAGE = "triage failed on it each time"
LETTERS = [
    (json.dumps({"MessageId": "m-1", "Message": "{}"}), DeadLetter(queue=ALARMS, reason=TRIAGE, delivery="m-1")),
    ("[" * 5000, DeadLetter(queue=ALARMS, reason=TRIAGE)),
    (
        json.dumps({"detail-type": "Incident Opened", "id": "e-1"}),
        DeadLetter(queue=DELIVERIES, reason="EventBridge could not deliver 'Incident Opened'", delivery="e-1"),
    ),
    (
        json.dumps(
            {
                "requestContext": {"functionArn": SWEEP},
                "responsePayload": {"errorType": "Throttled", "errorMessage": "slow down"},
            }
        ),
        DeadLetter(queue=DELIVERIES, reason=f"{SWEEP} failed to the end: Throttled: slow down"),
    ),
]
MANY = [
    (json.dumps({"MessageId": f"n-{number}"}), DeadLetter(queue=ALARMS, reason=TRIAGE, delivery=f"n-{number}"))
    for number in range(12)
]


def test_every_dead_letter_is_told_with_its_queue_and_reason() -> None:
    """Each form that AWS writes, any other text, and more than one request brings; none is a rejection."""
    with LocalAws(with_fleet=False) as aws:
        for body, letter in [*LETTERS, *MANY]:
            aws.client("sqs").send_message(QueueUrl=aws.stack.resource(letter.queue), MessageBody=body)
        found = dead_letters(aws)
        assert rejections(aws) == []
    assert sorted(map(repr, found)) == sorted(repr(letter) for _, letter in [*LETTERS, *MANY])
