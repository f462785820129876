"""A job that AWS would not take is not taken here: its document, its settings, its role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playtest.fleet import DemoFleet
from tests.unit.playtest.jobs import BUCKET, ROLE, idle, make_role, put_artefact, refusal

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """A pump that takes no job."""
    return idle(fleet_of("pump-01"))


BAD: dict[str, dict[str, Any]] = {
    "no document": {"document": None},
    "two documents": {"documentSource": f"https://s3.eu-central-1.amazonaws.com/{BUCKET}/pump/2.0.0.bin"},
    "no JSON": {"document": "{"},
    "32 KB and one byte": {"document": '"' + "x" * 32_767 + '"'},
    "32 KB in fewer characters": {"document": '"' + "é" * 16_384 + '"'},
    "a placeholder without a role": {"document": "PLACEHOLDER"},
    "a placeholder of no object": {"document": '"${aws:iot:s3-presigned-url:bucket/key}"', "role": ROLE},
    "a role that is not there": {"document": "PLACEHOLDER", "role": ROLE.replace("JobRole", "Nobody")},
    "a role for somebody else": {"document": "PLACEHOLDER", "role": ROLE.replace("JobRole", "Other")},
    "a URL that lives too long": {"presignedUrlConfig": {"roleArn": ROLE, "expiresInSec": 3601}},
    "a timer of no time": {"timeoutConfig": {"inProgressTimeoutInMinutes": 0}},
    "a timer of more than a week": {"timeoutConfig": {"inProgressTimeoutInMinutes": 10_081}},
    "too many retries": {
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 11}]}
    },
    "retries of time-outs without a timer": {
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 1}]}
    },
    "a share with three digits after the point": {
        "abortConfig": {
            "criteriaList": [
                {
                    "failureType": "FAILED",
                    "action": "CANCEL",
                    "thresholdPercentage": 33.333,
                    "minNumberOfExecutedThings": 1,
                }
            ]
        }
    },
    "ALL beside another kind": {
        "jobExecutionsRetryConfig": {
            "criteriaList": [
                {"failureType": "ALL", "numberOfRetries": 1},
                {"failureType": "FAILED", "numberOfRetries": 1},
            ]
        }
    },
    "a selection that is none": {"targetSelection": "SOME"},
}


@pytest.mark.parametrize("case", BAD)
def test_a_job_that_aws_would_refuse_is_refused(fleet: DemoFleet, case: str) -> None:
    """And there is no such job afterwards."""
    make_role(fleet)
    somebody = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    make_role(fleet, somebody, "Other")
    asked: dict[str, Any] = {"document": "{}", **BAD[case]}
    if asked["document"] == "PLACEHOLDER":
        asked["document"] = f'"{put_artefact(fleet)}"'
    if role := asked.pop("role", None):
        asked["presignedUrlConfig"] = {"roleArn": role}
    asked = {name: value for name, value in asked.items() if value is not None}
    targets = [fleet.broker.registry.arn("thing/pump-01")]
    assert refusal(fleet.iot.create_job, jobId="job", targets=targets, **asked) == ("InvalidRequestException", 400)
    assert fleet.iot.list_jobs()["jobs"] == []


@pytest.mark.parametrize("url", ["https://s3.eu-central-1.amazonaws.com/{}/{}", "https://{}.s3.amazonaws.com/{}"])
def test_a_document_may_lie_in_s3(fleet: DemoFleet, url: str) -> None:
    """It is read when the job is made, and the job keeps it."""
    put_artefact(fleet, b'{"a": 1}', "job.json")
    targets, source = [fleet.broker.registry.arn("thing/pump-01")], url.format(BUCKET, "job.json")
    fleet.iot.create_job(jobId="job", targets=targets, documentSource=source)
    put_artefact(fleet, b'{"a": 2}', "job.json")
    assert fleet.iot.get_job_document(jobId="job")["document"] == '{"a": 1}'
    assert fleet.iot.describe_job(jobId="job")["documentSource"] == source
    device = fleet.aws.client("iot-jobs-data")
    assert device.describe_job_execution(jobId="job", thingName="pump-01")["execution"]["jobDocument"] == '{"a": 1}'
    missing = url.format(BUCKET, "other.json")
    found = refusal(fleet.iot.create_job, jobId="other", targets=targets, documentSource=missing)
    assert found[0] == "InvalidRequestException"


def test_events_are_off_until_they_are_enabled(fleet: DemoFleet) -> None:
    """Each kind by itself."""
    kinds = fleet.iot.describe_event_configurations()["eventConfigurations"]
    assert {kind["Enabled"] for kind in kinds.values()} == {False}
    fleet.iot.update_event_configurations(eventConfigurations={"JOB": {"Enabled": True}})
    fleet.iot.update_event_configurations(eventConfigurations={"JOB_EXECUTION": {"Enabled": True}})
    kinds = fleet.iot.describe_event_configurations()["eventConfigurations"]
    assert sorted(name for name, kind in kinds.items() if kind["Enabled"]) == ["JOB", "JOB_EXECUTION"]
    asked = {"NOTHING": {"Enabled": True}}
    assert refusal(fleet.iot.update_event_configurations, eventConfigurations=asked)[0] == "InvalidRequestException"


@pytest.mark.parametrize("asked", [{"targetSelection": "CONTINUOUS"}, {"tags": [{"Key": "a", "Value": "b"}]}])
def test_what_is_not_played_is_an_error_and_no_guess(fleet: DemoFleet, asked: dict[str, Any]) -> None:
    """AWS would take such a job; here it must not look as if it worked."""
    targets = [fleet.broker.registry.arn("thing/pump-01")]
    with pytest.raises(NotImplementedError, match="a job with"):
        fleet.iot.create_job(jobId="job", targets=targets, document="{}", **asked)
    assert fleet.iot.list_jobs()["jobs"] == []


def test_a_job_has_a_hundred_targets_at_most(fleet: DemoFleet) -> None:
    """One more is too many."""
    targets = [fleet.broker.registry.arn("thing/pump-01")] * 101
    found = refusal(fleet.iot.create_job, jobId="job", targets=targets, document="{}")
    assert found == ("LimitExceededException", 410)
    fleet.iot.create_job(jobId="job", targets=targets[:100], document="{}")
