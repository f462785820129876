from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import moto
import pytest

from playtest.local_aws import DeploymentFailed, LocalAws, UnknownResourceType
from playtest.local_aws.lambda_bridge import DifferingEnvironment

MINIATURE = Path(__file__).parent / "miniature" / "template.yaml"
StartMiniature = Callable[..., AbstractContextManager[LocalAws]]


def changed(folder: Path, old: str, new: str) -> Path:
    """Write the miniature with one text replaced into `folder`."""
    text = MINIATURE.read_text()
    assert old in text
    (folder / "work.asl.yaml").write_text(MINIATURE.with_name("work.asl.yaml").read_text())
    (folder / "template.yaml").write_text(text.replace(old, new))
    return folder / "template.yaml"


def test_moto_is_the_version_whose_internals_are_mended() -> None:
    """Every mend of this package hooks internals of exactly this version."""
    assert moto.__version__ == "5.2.5"


def test_every_resource_whose_condition_holds_is_deployed(aws: LocalAws) -> None:
    """Nothing of the transformed template is skipped but what its own condition leaves out."""
    assert set(aws.stack.transformed["Resources"]) - set(aws.stack.physical_ids) == {"PageSubscription"}


def test_a_resource_type_that_nobody_makes_is_an_error(start_miniature: StartMiniature, tmp_path: Path) -> None:
    """moto skips what it does not know with a warning; the local AWS names it and stops."""
    unknown = "  Pipe: {Type: AWS::Pipes::Pipe, Properties: {Name: x}}\nOutputs:"
    with (
        pytest.raises(UnknownResourceType, match=r"Pipe \(AWS::Pipes::Pipe\)"),
        start_miniature(template=changed(tmp_path, "Outputs:", unknown)),
    ):
        pytest.fail("it started")


def test_the_template_is_read_as_the_json_that_it_is(
    start_miniature: StartMiniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As YAML, which is how moto reads it, it takes a second; this fails when moto does so again."""
    monkeypatch.setattr("moto.cloudformation.models.yaml", None)
    with start_miniature() as aws:
        assert aws.stack.physical_ids


def test_the_bucket_has_all_that_the_template_says(aws: LocalAws) -> None:
    """Versioning, Object Lock with its days from a parameter, encryption and the public access block are there."""
    bucket, s3 = aws.stack.resource("Bucket"), aws.client("s3")
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("GOVERNANCE", 7)
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert list(blocked.values()) == [True] * 4
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def test_a_bucket_policy_that_denies_only_without_tls_lets_us_in(aws: LocalAws) -> None:
    """moto forgets the condition of a Deny, and would refuse every call."""
    assert aws.client("s3").put_object(Bucket=aws.stack.resource("Bucket"), Key="k", Body=b"x")["ETag"]


def test_the_table_has_all_that_the_template_says(aws: LocalAws) -> None:
    """Index, time to live, recovery and encryption are there."""
    name, dynamodb = aws.stack.resource("Table"), aws.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["due"]
    assert (ttl["AttributeName"], ttl["TimeToLiveStatus"]) == ("expires_at", "ENABLED")
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table["SSEDescription"]["Status"] == "ENABLED"


def test_policies_subscriptions_alarms_dashboards_and_groups_are_made(aws: LocalAws) -> None:
    """The types that moto lacks do what their API calls do."""
    queue = aws.client("sqs").get_queue_attributes(
        QueueUrl=aws.stack.resource("AlarmQueue"), AttributeNames=["Policy", "RedrivePolicy"]
    )["Attributes"]
    topic = aws.client("sns").get_topic_attributes(TopicArn=aws.stack.resource("AlarmTopic"))["Attributes"]
    subscription = aws.client("sns").get_subscription_attributes(
        SubscriptionArn=aws.stack.resource("AlarmSubscription")
    )["Attributes"]
    assert json.loads(queue["Policy"])["Statement"][0]["Principal"] == {"Service": "sns.amazonaws.com"}
    assert int(json.loads(queue["RedrivePolicy"])["maxReceiveCount"]) == 3
    assert json.loads(topic["Policy"])["Statement"][0]["Sid"] == "Own"
    assert "deadLetterTargetArn" in subscription["RedrivePolicy"]
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["MetricName"] == "Errors"
    assert aws.client("cloudwatch").get_dashboard(DashboardName="mini")["DashboardBody"].startswith("{")
    assert aws.client("iot").describe_thing_group(thingGroupName="mini-quarantine")["thingGroupArn"] == (
        aws.stack.output("Group")
    )


def test_a_dashboard_whose_body_is_not_json_is_refused(start_miniature: StartMiniature, tmp_path: Path) -> None:
    """CloudWatch refuses it, so the deployment fails here as well."""
    template = changed(tmp_path, "DashboardBody: !Sub '{", "DashboardBody: !Sub '{,")
    with pytest.raises(json.JSONDecodeError), start_miniature(template=template):
        pytest.fail("it started")


def test_parameters_of_the_template_are_given_through(start_miniature: StartMiniature) -> None:
    """A parameter decides conditions and reaches the functions' environment."""
    with start_miniature(parameters={"Stage": "prod", "PagerEmail": "oncall@example.com"}) as aws:
        assert aws.stack.parameters["Stage"] == "prod"
        assert os.environ["MINI_STAGE"] == "prod"
        assert aws.stack.resource("PageSubscription")


def test_a_parameter_that_the_template_does_not_have_is_refused(start_miniature: StartMiniature) -> None:
    """As CloudFormation refuses it; moto would drop it, and whoever gave it would never know."""
    refused = pytest.raises(DeploymentFailed, match=r"Parameters: \[Mode\] do not exist in the template")
    with refused, start_miniature(parameters={"Mode": "automatic"}):
        pytest.fail("it started")


def test_the_environment_is_put_back(start_miniature: StartMiniature) -> None:
    """Nothing that a local AWS put into the process's environment outlives it."""
    before = dict(os.environ)
    with start_miniature():
        assert os.environ["MINI_TABLE"]
    assert dict(os.environ) == before


def test_functions_that_differ_in_a_variable_are_refused(start_miniature: StartMiniature, tmp_path: Path) -> None:
    """One process has one environment, so a variable with two values would be wrong for somebody."""
    other = "      Handler: miniature_handlers.sweep\n      Environment: {Variables: {MINI_STAGE: other}}"
    template = changed(tmp_path, "      Handler: miniature_handlers.sweep", other)
    with pytest.raises(DifferingEnvironment, match="MINI_STAGE"), start_miniature(template=template):
        pytest.fail("it started")


def test_there_is_one_local_aws_at_a_time(aws: LocalAws, start_miniature: StartMiniature) -> None:
    """moto is one per process; a second one would share the first one's state."""
    with pytest.raises(RuntimeError, match="one local AWS at a time"), start_miniature():
        pytest.fail("it started")


def test_the_next_local_aws_knows_nothing_of_the_last_but_has_the_same_names(start_miniature: StartMiniature) -> None:
    """State is fresh, and names are the same, so that definitions are parsed only once per process."""
    with start_miniature() as first:
        names = dict(first.stack.physical_ids)
        first.client("dynamodb").put_item(
            TableName=first.stack.resource("Table"), Item={"pk": {"S": "a"}, "sk": {"S": "b"}}
        )
    with start_miniature() as second:
        same = {name for name in names if names[name] == second.stack.physical_ids[name]}
        assert second.client("dynamodb").scan(TableName=second.stack.resource("Table"))["Count"] == 0
        assert {"WorkStateMachine", "Table", "TriageFunction", "Bucket"} <= same
