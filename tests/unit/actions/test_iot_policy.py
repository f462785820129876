from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.actions.iot_policy import IotPolicy
from cordon.errors import PlanConflict, Throttled
from cordon.model.change import Change

from ..conftest import Bed

NAME = "cordon-deny-inc-20261102-0123456789"
DENY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "iot:Connect", "Resource": "*"}],
}
GONE = Change(action="iot_policy", resource=f"policy/{NAME}", before=DENY, after=None)


@pytest.fixture
def policy(bed: Bed) -> Bed:
    """A policy of an incident, which is attached to nothing."""
    bed.iot.create_policy(policyName=NAME, policyDocument=json.dumps(DENY))
    return bed


class NotYet:
    """AWS IoT, which does not let go of a policy for some minutes after it was detached."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        """Return what the real client has."""
        return getattr(self._real, name)

    def delete_policy(self, **_: Any) -> None:
        """Refuse."""
        refusal = {"Error": {"Code": "DeleteConflictException", "Message": "not yet"}}
        raise self._real.exceptions.DeleteConflictException(refusal, "DeletePolicy")


def test_a_policy_is_deleted_once_and_again(policy: Bed) -> None:
    """Also when a step died between the call and its record."""
    action = IotPolicy(policy.iot)
    for _ in range(2):
        action.apply(GONE)
        assert action.read(GONE.resource) is None


def test_a_policy_that_aws_holds_back_a_while_is_tried_again(policy: Bed) -> None:
    """Detached a moment ago, attached to nothing, with one version: that passes by itself."""
    client: Any = NotYet(policy.iot)
    with pytest.raises(Throttled, match="was detached a moment ago"):
        IotPolicy(client).apply(GONE)


@pytest.mark.parametrize("use", ["attached", "version"])
def test_a_policy_that_somebody_uses_is_not_waited_for(policy: Bed, use: str) -> None:
    """He attached it to a group of his, or wrote another version: a person decides, and it stays."""
    if use == "attached":
        group = policy.iot.create_thing_group(thingGroupName="his")["thingGroupArn"]
        policy.iot.attach_policy(policyName=NAME, target=group)
    else:
        policy.iot.create_policy_version(policyName=NAME, policyDocument=json.dumps(DENY))
    client: Any = NotYet(policy.iot)
    with pytest.raises(PlanConflict, match="is used by somebody else"):
        IotPolicy(client).apply(GONE)
    assert IotPolicy(policy.iot).read(GONE.resource) == DENY
