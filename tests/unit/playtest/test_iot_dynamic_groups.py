"""The local AWS knows dynamic groups: a query chooses the members, and what only a static group takes is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iot.models import iot_backends

from playtest.local_aws.iot_dynamic_groups import leave_policy

from .conftest import REGION

ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}'
QUERY = "attributes.leased:yes"


@pytest.fixture
def iot(plain_aws: Any) -> Any:
    """AWS IoT with the leased thing pump-01, pump-02, which is not, and a dynamic group of what is leased."""
    client = plain_aws.client("iot")
    client.create_thing(thingName="pump-01", attributePayload={"attributes": {"leased": "yes"}})
    client.create_thing(thingName="pump-02")
    client.create_dynamic_thing_group(thingGroupName="leased", queryString=QUERY)
    client.create_policy(policyName="connect", policyDocument=ALLOW)
    return client


def group_arn(iot: Any) -> str:
    """The ARN of the dynamic group."""
    arn: str = iot.describe_thing_group(thingGroupName="leased")["thingGroupArn"]
    return arn


def groups_of(iot: Any, thing: str) -> list[str]:
    """The names of the groups that a thing is in."""
    return [group["groupName"] for group in iot.list_thing_groups_for_thing(thingName=thing)["thingGroups"]]


def test_the_query_chooses_the_members(iot: Any) -> None:
    """A thing comes into the group, and leaves it, by what it is."""
    assert iot.list_things_in_thing_group(thingGroupName="leased")["things"] == ["pump-01"]
    assert (groups_of(iot, "pump-01"), groups_of(iot, "pump-02")) == (["leased"], [])
    for thing, leased in (("pump-01", "no"), ("pump-02", "yes")):
        iot.update_thing(thingName=thing, attributePayload={"attributes": {"leased": leased}})
    assert (groups_of(iot, "pump-01"), groups_of(iot, "pump-02")) == ([], ["leased"])


def test_a_dynamic_group_says_its_query_and_a_static_one_has_none(iot: Any) -> None:
    """That is how the two are told apart: the lists of groups do not say it."""
    iot.create_thing_group(thingGroupName="plant")
    described = iot.describe_thing_group(thingGroupName="leased")
    assert (described["queryString"], described["indexName"], described["status"]) == (QUERY, "AWS_Things", "ACTIVE")
    assert "queryString" not in iot.describe_thing_group(thingGroupName="plant")


def test_it_is_created_twice_only_as_the_same(iot: Any) -> None:
    """Another query under its name is a conflict, as is a static group's name."""
    before = group_arn(iot)
    assert iot.create_dynamic_thing_group(thingGroupName="leased", queryString=QUERY)["thingGroupArn"] == before
    iot.create_thing_group(thingGroupName="plant")
    for name in ("leased", "plant"):
        with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
            iot.create_dynamic_thing_group(thingGroupName=name, queryString="attributes.leased:no")


@pytest.mark.parametrize("by", ["name", "arn"])
@pytest.mark.parametrize("operation", ["add_thing_to_thing_group", "remove_thing_from_thing_group"])
def test_nobody_puts_a_thing_in_or_takes_it_out(iot: Any, operation: str, by: str) -> None:
    """Whichever way the group is named; of a static group both are taken."""
    which = {"thingGroupName": "leased"} if by == "name" else {"thingGroupArn": group_arn(iot)}
    with pytest.raises(ClientError, match="is a dynamic group") as caught:
        getattr(iot, operation)(thingName="pump-01", **which)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    assert groups_of(iot, "pump-01") == ["leased"]
    iot.create_thing_group(thingGroupName="plant")
    getattr(iot, operation)(thingName="pump-01", thingGroupName="plant")


def test_it_takes_no_policy_and_may_have_an_old_one(iot: Any) -> None:
    """AttachPolicy is refused; what was attached when that was allowed is listed like any other."""
    arn = group_arn(iot)
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.attach_policy(policyName="connect", target=arn)
    leave_policy(iot_backends[DEFAULT_ACCOUNT_ID][REGION], "connect", arn)
    attached = iot.list_attached_policies(target=arn, recursive=True)["policies"]
    assert [policy["policyName"] for policy in attached] == ["connect"]
