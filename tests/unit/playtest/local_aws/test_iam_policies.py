"""IAM in the local AWS refuses of managed policies what AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from playtest.local_aws import iam_policies, sessions


def document(ids: int = 1, **changes: Any) -> str:
    """Return a policy that denies to so many."""
    condition = {"StringEquals": {"credentials-iot:AwsCertificateId": [f"{n:064x}" for n in range(ids)]}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition, **changes}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam() -> Iterator[Any]:
    """IAM without a policy."""
    iam_policies.install()
    with mock_aws():
        yield sessions.client("iam", "eu-west-1")


@pytest.fixture
def arn(iam: Any) -> str:
    """A policy."""
    made: str = iam.create_policy(PolicyName="deny", PolicyDocument=document())["Policy"]["Arn"]
    return made


def refused(call: Any, **given: Any) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(ClientError) as refusal:
        call(**given)
    return refusal.value.response["Error"]["Code"]


def test_a_sixth_version_is_refused_until_one_is_deleted(iam: Any, arn: str) -> None:
    """IAM keeps five."""
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(), SetAsDefault=True)
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=document()) == "LimitExceeded"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(2), SetAsDefault=True)["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v6", True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v6"


def test_the_default_version_cannot_be_deleted(iam: Any, arn: str) -> None:
    """It is what IAM goes by."""
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v1") == "DeleteConflict"
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v9") == "NoSuchEntity"


def test_a_document_over_6144_characters_is_refused(iam: Any, arn: str) -> None:
    """White space does not count; neither as a version nor as a new policy."""
    most = next(n for n in range(200) if len(document(n + 1).replace(" ", "")) > iam_policies.DOCUMENT_CHARACTERS)
    assert len(document(most)) > iam_policies.DOCUMENT_CHARACTERS
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(most))
    too_long = document(most + 1)
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=too_long) == "LimitExceeded"
    assert refused(iam.create_policy, PolicyName="more", PolicyDocument=too_long) == "LimitExceeded"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Statement": []}', document(Effect="deny"), document(Deny="*")])
def test_a_malformed_document_is_refused(iam: Any, arn: str, text: str) -> None:
    """And the default version stays what it was."""
    with pytest.raises((ClientError, iam.exceptions.MalformedPolicyDocumentException)):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text or " ", SetAsDefault=True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
