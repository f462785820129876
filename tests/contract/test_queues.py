"""What waits and what is delivered: queues, topics, rules, and where each thing goes that cannot be delivered."""

from __future__ import annotations

from typing import Any

import pytest
from cordon.alarms import guardduty
from cordon.model.incident import DETAIL_TYPE, IncidentStatus

Json = dict[str, Any]

FORTNIGHT = 14 * 24 * 3600  # seconds; the longest that SQS keeps a message
END_STATIONS = {
    "AlarmDeadLetterQueue": "what triage failed on and what SNS could not deliver",
    "DeliveryDeadLetterQueue": "what EventBridge could not deliver, and what asynchronous functions failed on",
    "RejectedQueue": "read by people only: nothing consumes it, so nothing can fail on it",
}
"""Queues that only a person empties, so they have no dead-letter queue, and an alarm at the first message."""


def get_att(name: str, attribute: str = "Arn") -> Json:
    """`!GetAtt name.attribute`, as the transform spells it."""
    return {"Fn::GetAtt": [name, attribute]}


def statements(of_type: Json, kind: str, owner: str) -> list[Json]:
    """The statements of the resource policy of that queue or topic."""
    found: list[Json] = of_type[kind][f"{owner}Policy"]["PolicyDocument"]["Statement"]
    return found


def test_every_queue_is_encrypted_and_keeps_for_a_fortnight(of_type: Json) -> None:
    """Somebody comes back from holiday before a message is gone, and nobody reads it from a disk."""
    for name, one in of_type["AWS::SQS::Queue"].items():
        assert one["SqsManagedSseEnabled"] is True, name
        assert one["MessageRetentionPeriod"] == FORTNIGHT, name


def test_every_queue_has_a_dead_letter_queue_or_is_an_end_station(of_type: Json) -> None:
    """A message that always fails ends where it is seen, after five tries."""
    queues = of_type["AWS::SQS::Queue"]
    assert set(END_STATIONS) <= set(queues)
    for name in set(queues) - set(END_STATIONS):
        redrive = queues[name]["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in END_STATIONS, name
        assert redrive["maxReceiveCount"] == 5, name
    assert [name for name in END_STATIONS if "RedrivePolicy" in queues[name]] == []


@pytest.mark.parametrize("queue", END_STATIONS)
def test_the_first_message_in_an_end_station_pages(of_type: Json, queue: str) -> None:
    """What nobody looks at is lost as surely as what was dropped."""
    alarm = of_type["AWS::CloudWatch::Alarm"][f"{queue}Alarm"]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": get_att(queue, "QueueName")}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 60


def test_every_queue_and_topic_refuses_to_talk_without_tls(of_type: Json) -> None:
    """Alarms and pages are read by nobody on their way."""
    for kind in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        for name in of_type[kind]:
            refusals = [one for one in statements(of_type, f"{kind}Policy", name) if one["Effect"] == "Deny"]
            assert {"Bool": {"aws:SecureTransport": "false"}} in [one["Condition"] for one in refusals], name


def test_a_service_may_send_only_for_a_resource_of_ours(of_type: Json) -> None:
    """SNS, EventBridge and CloudWatch of another account cannot be talked into sending here."""
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in of_type[kind].items():
            for one in policy["PolicyDocument"]["Statement"]:
                if one["Effect"] == "Allow" and "Service" in one["Principal"]:
                    sources = [keys for keys in one["Condition"].values() if "aws:SourceArn" in keys]
                    assert len(sources) == 1, (name, one["Sid"])


def test_nobody_but_a_refusal_is_addressed_to_everybody(of_type: Json) -> None:
    """Principal * stands in Deny statements only, and no queue or topic lets another account in."""
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in of_type[kind].items():
            allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
            principals = [principal for one in allowed for principal in one["Principal"].items()]
            root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
            assert [who for kind_of, who in principals if kind_of != "Service" and who != root] == [], name


def test_alarms_come_with_their_envelope(of_type: Json) -> None:
    """Raw delivery is off: the account and Region of an alarm stand in the envelope's TopicArn and nowhere else."""
    subscription = of_type["AWS::SNS::Subscription"]["AlarmSubscription"]
    assert subscription["RawMessageDelivery"] is False
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("sqs", get_att("AlarmQueue"))
    assert subscription["RedrivePolicy"] == {"deadLetterTargetArn": get_att("AlarmDeadLetterQueue")}


def test_device_defender_of_this_account_alone_may_publish_alarms(of_type: Json) -> None:
    """Its role is assumed for this account only (the confused deputy), and publishes to the alarm topic only."""
    role = of_type["AWS::IAM::Role"]["AlarmPublisherRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "iot.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (grant,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (grant["Action"], grant["Resource"]) == ("sns:Publish", {"Ref": "AlarmTopic"})
    assert "ManagedPolicyArns" not in role


def test_one_bad_message_does_not_bring_back_its_batch(of_type: Json, functions: Json) -> None:
    """Triage answers message by message, and its queue waits six times triage's time-out, as AWS asks."""
    (mapping,) = of_type["AWS::Lambda::EventSourceMapping"].values()
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 10
    # Bounded, so that a storm of alarms leaves the account's other functions, and the playbooks, room to run.
    assert 2 <= mapping["ScalingConfig"]["MaximumConcurrency"] <= 20
    assert of_type["AWS::SQS::Queue"]["AlarmQueue"]["VisibilityTimeout"] >= 6 * functions["TriageFunction"]["Timeout"]


def test_what_a_rule_cannot_deliver_is_kept(of_type: Json) -> None:
    """Every target has a dead-letter queue and a bounded retry policy, and SAM dropped neither."""
    for name, rule in of_type["AWS::Events::Rule"].items():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": get_att("DeliveryDeadLetterQueue")}, name
            policy = target["RetryPolicy"]
            assert 60 <= policy["MaximumEventAgeInSeconds"] <= 3600, name
            assert 1 <= policy["MaximumRetryAttempts"] <= 185, name


def test_every_rule_and_no_other_may_fill_the_delivery_queue(of_type: Json) -> None:
    """A rule that is missing from the queue's policy would lose what it cannot deliver, and say nothing."""
    (allowed,) = [
        one
        for one in statements(of_type, "AWS::SQS::QueuePolicy", "DeliveryDeadLetterQueue")
        if one["Effect"] == "Allow"
    ]
    sources = allowed["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert sorted(one["Fn::GetAtt"][0] for one in sources) == sorted(of_type["AWS::Events::Rule"])


def test_findings_of_guardduty_come_to_the_alarm_queue(of_type: Json) -> None:
    """From the default bus, by source and detail-type: `aws.guardduty` also has events that are no findings."""
    rule = of_type["AWS::Events::Rule"]["GuardDutyFindings"]
    assert "EventBusName" not in rule
    assert rule["EventPattern"] == {"source": [guardduty.EVENT_SOURCE], "detail-type": [guardduty.DETAIL_TYPE]}
    (target,) = rule["Targets"]
    assert target["Arn"] == get_att("AlarmQueue")
    assert not {"Input", "InputPath", "InputTransformer"} & set(target)


def test_every_rule_that_brings_alarms_and_no_other_may_fill_the_alarm_queue(of_type: Json) -> None:
    """A rule that is missing from the queue's policy brings nothing; one too many could cut devices off."""
    (allowed,) = [
        one
        for one in statements(of_type, "AWS::SQS::QueuePolicy", "AlarmQueue")
        if one["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    sources = [one["Fn::GetAtt"][0] for one in allowed["Condition"]["ArnEquals"]["aws:SourceArn"]]
    rules = of_type["AWS::Events::Rule"].items()
    bringing = [name for name, one in rules if get_att("AlarmQueue") in [target["Arn"] for target in one["Targets"]]]
    assert sorted(sources) == sorted(bringing)


def test_each_playbook_is_started_by_its_event_on_our_bus(of_type: Json) -> None:
    """The rule looks for what the code announces, and hands the playbook the event's detail alone."""
    rule = of_type["AWS::Events::Rule"]["ContainThingStateMachineIncidentOpened"]
    assert rule["EventBusName"] == {"Ref": "Bus"}
    assert rule["EventPattern"]["source"] == ["cordon"]
    assert rule["EventPattern"]["detail-type"] == [DETAIL_TYPE[IncidentStatus.OPENED]]
    assert rule["EventPattern"]["detail"] == {"playbook": ["contain_thing"]}
    questioned = of_type["AWS::Events::Rule"]["VerifyContainmentStateMachineContainmentQuestioned"]
    assert questioned["EventPattern"]["detail-type"] == ["Containment Questioned"]
    assert [one["Targets"][0]["InputPath"] for one in (rule, questioned)] == ["$.detail", "$.detail"]


def test_every_playbook_that_ends_badly_is_caught(of_type: Json) -> None:
    """The rule on the default bus names each end that is no success, and each state machine of the template."""
    rule = of_type["AWS::Events::Rule"]["CatchUnexpectedEndFunctionExecutionEndedBadly"]
    assert "EventBusName" not in rule
    assert rule["EventPattern"]["source"] == ["aws.states"]
    detail = rule["EventPattern"]["detail"]
    assert set(detail["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    assert sorted(one["Ref"] for one in detail["stateMachineArn"]) == sorted(
        of_type["AWS::StepFunctions::StateMachine"]
    )


def test_the_sweep_comes_every_five_minutes(of_type: Json) -> None:
    """An incident that stands still is seen within minutes."""
    assert of_type["AWS::Events::Rule"]["SweepFunctionEveryFiveMinutes"]["ScheduleExpression"] == "rate(5 minutes)"
