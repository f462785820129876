from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from playtest.local_aws import LocalAws
from playtest.local_aws.event_bridge import target_input

EVENT = {
    "id": "e-1",
    "source": "mini",
    "detail-type": "Opened",
    "time": "2026-11-02T12:00:00Z",
    "detail": {"name": 'a "b"', "count": 3, "tags": ["x"], "nothing": None},
}
RULE = SimpleNamespace(name="the-rule", arn="arn:aws:events:eu-west-1:123456789012:rule/the-rule")


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ({}, EVENT),
        ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
        ({"InputPath": "$.detail.count"}, 3),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"n": "$.detail.name", "c": "$.detail.count", "t": "$.detail.tags"},
                    "InputTemplate": '{"text": "is <n> and <c>", "name": <n>, "count": <c>, "tags": <t>}',
                }
            },
            {"text": 'is a "b" and 3', "name": 'a "b"', "count": 3, "tags": ["x"]},
        ),
        (
            {
                "InputTransformer": {
                    "InputTemplate": '{"rule": "<aws.events.rule-name>", "all": <aws.events.event.json>}'
                }
            },
            {"rule": "the-rule", "all": EVENT},
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"m": "$.missing"}, "InputTemplate": '{"m": <m>}'}},
            {"m": None},
        ),
    ],
)
def test_a_target_gets_what_its_input_says(target: dict[str, Any], given: object) -> None:
    """Input, InputPath and InputTransformer: variables are raw within quotes and JSON outside of them."""
    assert json.loads(target_input(target, EVENT, RULE)) == given


@pytest.mark.parametrize(
    ("pattern", "detail", "matched"),
    [
        ({"findings": {"type": ["x"]}}, {"findings": [{"type": "y"}, {"type": "x"}]}, True),
        ({"findings": {"type": ["x"]}}, {"findings": [{"type": "y"}]}, False),
        ({"findings": {"type": ["x"]}}, {"findings": []}, False),
        ({"findings": {"product": {"name": [{"prefix": "io"}]}}}, {"findings": [{"product": {"name": "iot"}}]}, True),
        ({"findings": {"type": [{"exists": False}]}}, {"findings": [{"other": 1}]}, True),
        ({"status": [{"anything-but": ["a"]}]}, {"status": "b"}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
        ({"tags": ["x"]}, {"tags": ["w", "x"]}, True),
    ],
)
def test_patterns_look_into_arrays_of_objects(
    aws: LocalAws, pattern: dict[str, Any], detail: dict[str, Any], matched: bool
) -> None:
    """One element that matches is enough; moto never looks into a list of objects."""
    events = aws.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"detail": pattern}))
    found = aws.put_event({"source": "s", "detail-type": "t", "detail": detail})
    assert (found is not None) is matched


def test_an_event_that_no_rule_wants_is_said_to_be_unmatched(aws: LocalAws) -> None:
    """The caller can tell an alarm that goes nowhere from one that was taken."""
    assert aws.put_event({"source": "nobody", "detail-type": "x", "detail": {}}) is None


def test_a_disabled_rule_delivers_nothing(aws: LocalAws) -> None:
    """moto delivers for it all the same."""
    for name in [rule["Name"] for rule in aws.client("events").list_rules(EventBusName="cordon-mini")["Rules"]]:
        aws.client("events").disable_rule(Name=name, EventBusName="cordon-mini")
    put_opened(aws, {"id": "a", "looks": 0})
    assert not aws.executions()


def test_a_rule_of_another_bus_starts_the_state_machine_with_the_detail(aws: LocalAws) -> None:
    """The execution is named after the event, and InputPath gives it the detail only."""
    put_opened(aws, {"id": "a", "looks": 0})
    (made,) = aws.executions()
    assert made.input == {"id": "a", "looks": 0}
    assert made.name.count("_") == 1
    assert len(made.name) <= 80


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(aws: LocalAws) -> None:
    """PutEvents succeeds; the event is not lost; the reason is told."""
    aws.client("stepfunctions").delete_state_machine(stateMachineArn=aws.stack.resource("WorkStateMachine"))
    put_opened(aws, {"id": "a"})
    (buried,) = dead_letters(aws)
    assert "StateMachineDoesNotExist" in aws.undelivered[0]
    assert buried["detail"] == {"id": "a"}


def test_a_function_that_has_not_let_the_rule_in_is_not_invoked(aws: LocalAws, handlers: Any) -> None:
    """A missing Lambda permission makes a rule silently useless on AWS; here it is told, and goes to the DLQ."""
    function = aws.stack.resource("CatchFunction")
    policy = json.loads(aws.client("lambda").get_policy(FunctionName=function)["Policy"])
    for statement in policy["Statement"]:
        aws.client("lambda").remove_permission(FunctionName=function, StatementId=statement["Sid"])
    detail = {"status": "FAILED", "stateMachineArn": aws.stack.resource("WorkStateMachine")}
    aws.put_event({"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail})
    aws.settle()
    assert not aws.invocations
    assert "events.amazonaws.com lambda:InvokeFunction" in aws.undelivered[0]
    assert dead_letters(aws)[0]["detail"] == detail


def test_a_dead_letter_queue_that_lets_nobody_in_does_not_break_the_delivery(aws: LocalAws) -> None:
    """The event is lost, as on AWS, PutEvents succeeds, and both reasons are told."""
    queue = aws.stack.resource("DeliveryDeadLetterQueue")
    aws.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    aws.client("stepfunctions").delete_state_machine(stateMachineArn=aws.stack.resource("WorkStateMachine"))
    put_opened(aws, {"id": "a"})
    assert len(aws.undelivered) == 2
    assert not dead_letters(aws)


def dead_letters(aws: LocalAws) -> list[Any]:
    """What lies in the queue for undelivered events."""
    answer = aws.client("sqs").receive_message(QueueUrl=aws.stack.resource("DeliveryDeadLetterQueue"))
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def put_opened(aws: LocalAws, detail: dict[str, Any]) -> None:
    """Put the event on the miniature's bus that starts its state machine."""
    entry = {"Source": "mini", "DetailType": "Opened", "Detail": json.dumps(detail), "EventBusName": "cordon-mini"}
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    aws.settle()
