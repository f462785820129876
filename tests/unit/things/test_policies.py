from __future__ import annotations

import json

import pytest
from cordon.model.thing import AttachedPolicy
from cordon.things.policies import ASSUME_ROLE, allows, allows_anything
from hypothesis import given
from hypothesis import strategies as st


def policy(*statements: dict[str, object]) -> AttachedPolicy:
    """Return a policy of these statements."""
    return AttachedPolicy(name="p", document=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


@pytest.mark.parametrize(
    ("effect", "action", "allowed"),
    [
        ("Allow", "iot:AssumeRoleWithCertificate", True),
        ("Allow", "iot:*", True),
        ("Allow", "*", True),
        ("Allow", "IOT:assumerole*", True),
        ("Allow", "iot:AssumeRoleWithCertificat?", True),
        ("Allow", ["iot:Connect", "iot:Assume*"], True),
        ("Allow", "iot:Connect", False),
        ("Allow", "iot.AssumeRoleWithCertificate", False),
        ("Deny", "iot:*", False),
    ],
)
def test_a_way_to_credentials_is_seen_in_every_spelling(effect: str, action: object, allowed: bool) -> None:
    """Wildcards, lists and either case."""
    found = allows([policy({"Effect": effect, "Action": action, "Resource": "*"})], ASSUME_ROLE)
    assert found == (["p"] if allowed else [])


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ("*", True),
        ("arn:aws:iot:*:*:rolealias/dev*", True),
        (["arn:aws:iot:eu-west-1:1:topic/a", "arn:aws:iot:eu-west-1:1:rolealias/device"], True),
        ("arn:aws:iot:eu-west-1:1:rolealias/${iot:ClientId}", True),
        ("arn:aws:iot:eu-west-1:1:rolealias/${iot:ClientId}-video", False),
        ("arn:aws:iot:eu-west-1:1:rolealias/devices", False),
        ([], False),
    ],
)
def test_what_a_policy_allows_is_seen_by_its_resource(resource: object, allowed: bool) -> None:
    """Wildcards and lists; a variable may stand for anything. Action and resource must be of one statement."""
    policies = [
        policy(
            {"Effect": "Allow", "Action": ASSUME_ROLE, "Resource": resource},
            {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
        )
    ]
    assert allows(policies, ASSUME_ROLE, "arn:aws:iot:eu-west-1:1:rolealias/device") == (["p"] if allowed else [])


def test_a_policy_that_only_denies_allows_nothing() -> None:
    """The thing may stay in its group."""
    assert not allows_anything(policy({"Effect": "Deny", "Action": "*", "Resource": "*"}))
    assert allows_anything(policy({"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}))


@given(st.text() | st.sampled_from(["null", "[]", "{}", '{"Statement": [1]}', '{"Statement": [{"Effect": "Allow"}]}']))
def test_a_policy_that_cannot_be_read_allows_everything(document: str) -> None:
    """What we do not understand is never taken for harmless."""
    unread = AttachedPolicy(name="p", document=document)
    assert allows_anything(unread)
    assert allows([unread], ASSUME_ROLE) == ["p"]
    assert allows([unread], ASSUME_ROLE, "arn:aws:iot:eu-west-1:1:rolealias/device") == ["p"]
