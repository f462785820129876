"""What must never be lost: the record and the evidence."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def test_the_record_survives_mistakes(resources: Json) -> None:
    """The table can be put back to any second, is encrypted, outlives the stack, and in prod is not deleted by hand."""
    table = resources["IncidentsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}


def test_the_record_has_the_keys_that_the_code_uses(of_type: Json) -> None:
    """Rows have pk and sk, there is the index of what is due, and the attribute by which rows expire."""
    (table,) = of_type["AWS::DynamoDB::Table"].values()
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "due"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["due_kind", "due_at"]
    assert index["Projection"] == {"ProjectionType": "ALL"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_evidence_cannot_be_changed_or_taken_away(resources: Json, deployed: Json) -> None:
    """Every version is kept and locked, for the days of the parameter; in prod not even root lifts the lock."""
    bucket = resources["EvidenceBucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = bucket["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["ObjectLockEnabled"] is True
    lock = properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert lock["Days"] == {"Ref": "EvidenceRetentionDays"}
    assert lock["Mode"] == {"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "EvidenceLockMode"]}
    modes = {stage: one["EvidenceLockMode"] for stage, one in deployed["Mappings"]["Stages"].items()}
    assert modes == {"dev": "GOVERNANCE", "prod": "COMPLIANCE"}


def test_evidence_is_shut_to_the_public_and_to_plain_text(resources: Json) -> None:
    """The bucket is encrypted, has no access lists, blocks public access, and refuses connections without TLS 1.2."""
    properties = resources["EvidenceBucket"]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    statements = resources["EvidenceBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {one["Effect"] for one in statements} == {"Deny"}
    conditions = [one["Condition"] for one in statements]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {"NumericLessThan": {"s3:TlsVersion": "1.2"}} in conditions


def test_the_quarantine_group_carries_no_policy(of_type: Json) -> None:
    """A group's policy binds only where client id and thing name are equal, so none must look as if it contained."""
    (group,) = of_type["AWS::IoT::ThingGroup"].values()
    assert group["ThingGroupName"] == {"Ref": "QuarantineGroupName"}
    assert "AWS::IoT::PolicyPrincipalAttachment" not in of_type
