"""What is known to be good is signed by one key, which one role alone may use."""

from __future__ import annotations

from typing import Any

import pytest

Json = dict[str, Any]


@pytest.fixture
def statements(of_type: Json) -> Json:
    """The statements of the key's own policy, by their Sid."""
    return {one["Sid"]: one for one in of_type["AWS::KMS::Key"]["KnownGoodKey"]["KeyPolicy"]["Statement"]}


def test_there_is_one_key_and_it_only_signs(of_type: Json) -> None:
    """On a curve of NIST, whose signatures anybody can verify who may read the public key."""
    (key,) = of_type["AWS::KMS::Key"].values()
    assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")


def test_the_desk_alone_signs(statements: Json) -> None:
    """A digest, with one algorithm: what else is asked of the key in its name is refused."""
    signing = [one for one in statements.values() if "kms:Sign" in one["Action"]]
    (desk,) = signing
    assert desk["Principal"] == {"AWS": {"Fn::GetAtt": ["DeskFunctionRole", "Arn"]}}
    assert desk["Action"] == ["kms:Sign", "kms:Verify"]
    assert desk["Condition"] == {"StringEquals": {"kms:MessageType": "DIGEST", "kms:SigningAlgorithm": "ECDSA_SHA_256"}}


def test_the_account_looks_after_the_key_and_cannot_use_it(statements: Json) -> None:
    """Not even by a grant to itself; it can change the policy, which is an act of its own in CloudTrail."""
    assert set(statements) == {"LookAfterTheKey", "SignAndVerifyAsTheDesk"}
    actions = set(statements["LookAfterTheKey"]["Action"])
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= actions  # else AWS refuses the policy, or nobody ends it
    assert not actions & {"kms:Sign", "kms:Verify", "kms:CreateGrant"}
    assert [action for action in actions if "*" in action] == []


def test_the_key_outlives_its_stack_as_what_it_signed_does(resources: Json) -> None:
    """Without it nothing in the bucket could be verified any more; its alias makes room for the next stack's."""
    kept = {name: one.get("DeletionPolicy") for name, one in resources.items() if one["Type"].startswith("AWS::KMS")}
    assert kept == {"KnownGoodKey": "Retain", "KnownGoodKeyAlias": None}
    assert resources["PolicyBucket"]["DeletionPolicy"] == "Retain"


def test_nobody_gets_at_the_key_by_iam(of_type: Json) -> None:
    """The key's own policy is all there is to read: no role or policy of the stack speaks of KMS."""
    granted = [
        str(one) for kind in ("Role", "Policy", "ManagedPolicy") for one in of_type[f"AWS::IAM::{kind}"].values()
    ]
    assert [one for one in granted if "kms:" in one] == []
    assert len(granted) > 0
