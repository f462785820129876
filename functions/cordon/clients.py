"""The AWS clients of a step: made on first use, kept for the life of the runtime, patient but not for ever."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_iot_data import IoTDataPlaneClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

# A call has three tries: each 1 s to connect (for each address of the endpoint) and 2 s of silence, with a pause of 1 s
# and then of 2 s at most between them, and of up to 5 s more where AWS's answer asks for it. So one that is never
# answered has failed after 12 s, and the slowest after 22 s: within the 30 s of a function (template.yaml), so that the
# step fails with an error that has a name. Where several calls of a step are that slow, Lambda stops it at its 30 s,
# and the state's Retry for that runs it again: every step may be.
_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}, user_agent_extra="cordon"
)


@cache
def iot() -> IoTClient:
    """Return the AWS IoT control plane."""
    return boto3.client("iot", config=_CONFIG)


@cache
def iot_data() -> IoTDataPlaneClient:
    """Return the AWS IoT data plane: the sessions of devices."""
    return boto3.client("iot-data", config=_CONFIG)


@cache
def dynamodb() -> DynamoDBClient:
    """Return DynamoDB, where the record is."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def s3() -> S3Client:
    """Return S3, where the evidence is."""
    return boto3.client("s3", config=_CONFIG)


@cache
def events() -> EventBridgeClient:
    """Return EventBridge, for Cordon's own bus."""
    return boto3.client("events", config=_CONFIG)


@cache
def sqs() -> SQSClient:
    """Return SQS, for the rejected queue."""
    return boto3.client("sqs", config=_CONFIG)


@cache
def sns() -> SNSClient:
    """Return SNS, for pages."""
    return boto3.client("sns", config=_CONFIG)


@cache
def ssm() -> SSMClient:
    """Return Systems Manager, whose OpsCenter keeps the tickets."""
    return boto3.client("ssm", config=_CONFIG)


@cache
def iam() -> IAMClient:
    """Return IAM, where the roles of the role aliases are, and the policy that denies their sessions."""
    return boto3.client("iam", config=_CONFIG)


@cache
def stepfunctions() -> SFNClient:
    """Return Step Functions, which the playbooks run in."""
    return boto3.client("stepfunctions", config=_CONFIG)


@cache
def kms() -> KMSClient:
    """Return KMS, where the key is that signs what is known to be good."""
    return boto3.client("kms", config=_CONFIG)


def reset() -> None:
    """Forget every client, so that the next call makes a new one (the playtest starts another local AWS)."""
    for client in (iot, iot_data, dynamodb, s3, events, sqs, sns, ssm, iam, stepfunctions, kms):
        client.cache_clear()
