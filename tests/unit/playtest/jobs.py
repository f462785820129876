"""What tests of jobs ask and do: a job for things of the plant, and what became of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from playtest.behaviours import JOB_BEHAVIOURS
from playtest.fleet import DemoFleet

ROLE = "arn:aws:iam::123456789012:role/JobRole"
BUCKET = "artefacts"
TRUST = {"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}


def idle(fleet: DemoFleet) -> DemoFleet:
    """The fleet, whose devices take no job: the test does."""
    for device in fleet.devices.values():
        device.agent.behaviour = JOB_BEHAVIOURS["never-answers"]
    return fleet


def refusal(call: Any, **arguments: Any) -> tuple[str, int]:
    """The code and the HTTP status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def create_job(fleet: DemoFleet, *things: str, job_id: str = "job", document: Any = None, **more: Any) -> None:
    """Make a job for these things, pump-01 without any."""
    targets = [fleet.broker.registry.arn(f"thing/{thing}") for thing in things or ("pump-01",)]
    fleet.iot.create_job(jobId=job_id, targets=targets, document=json.dumps(document or {}), **more)


def execution(fleet: DemoFleet, thing: str = "pump-01", job_id: str = "job", **more: Any) -> dict[str, Any]:
    """The execution of a job on a thing, as the control plane describes it."""
    found: dict[str, Any] = fleet.iot.describe_job_execution(jobId=job_id, thingName=thing, **more)["execution"]
    return found


def status(fleet: DemoFleet, thing: str = "pump-01", job_id: str = "job") -> str:
    """The state of an execution."""
    return str(execution(fleet, thing, job_id)["status"])


def make_role(fleet: DemoFleet, statement: Any = None, name: str = "JobRole") -> None:
    """A role that AWS IoT may assume, or whoever the statement says."""
    document = {"Version": "2012-10-17", "Statement": [statement or TRUST]}
    fleet.aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))


def put_artefact(fleet: DemoFleet, body: bytes = b"firmware", key: str = "pump/2.0.0.bin") -> str:
    """Put an artefact into a bucket, and return the placeholder for its URL."""
    s3 = fleet.aws.client("s3")
    region = fleet.broker.registry.region
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"${{aws:iot:s3-presigned-url:https://s3.{region}.amazonaws.com/{BUCKET}/{key}}}"
