"""A group that AWS lets nobody take a thing out of ends no containment half way."""

from __future__ import annotations

from cordon.model.incident import IncidentStatus, LegOutcome
from moto.iot.models import iot_backends

from playtest.local_aws import LocalAws, runtime
from playtest.local_aws.iot_dynamic_groups import leave_policy
from tests.e2e.answers import Alarm, answered, pages

LEASED = "leased"


def lease(aws: LocalAws, thing: str, *policies: str) -> None:
    """Put a thing into a dynamic group, which has these policies of old."""
    iot = aws.client("iot")
    made = iot.create_dynamic_thing_group(thingGroupName=LEASED, queryString=f"thingName:{thing}")
    for policy in policies:
        leave_policy(iot_backends[runtime.ACCOUNT][iot.meta.region_name], policy, made["thingGroupArn"])


def groups_of(aws: LocalAws, thing: str) -> set[str]:
    """The names of the groups that a thing is in."""
    found = aws.client("iot").list_thing_groups_for_thing(thingName=thing)["thingGroups"]
    return {group["groupName"] for group in found}


def test_a_thing_in_a_dynamic_group_that_allows_something_is_contained_but_for_that(
    aws: LocalAws, alarm: Alarm
) -> None:
    """Everything else is done and proven; the group is named, and a person told."""
    lease(aws, "capper-01", "plant-device")
    incident = answered(aws, alarm("capper-01"))
    assert incident.status is IncidentStatus.PARTIAL
    assert {leg.resource: leg.outcome for leg in incident.legs if not leg.proven} == {
        f"group/{LEASED}": LegOutcome.UNKNOWN
    }
    assert {LEASED, "cordon-quarantine"} <= groups_of(aws, "capper-01")
    assert "line-2" not in groups_of(aws, "capper-01"), "a static group is left as ever"
    assert pages(aws) == [f"Cordon: incident {incident.id} is not fully contained"]


def test_a_dynamic_group_without_a_policy_changes_nothing(aws: LocalAws, alarm: Alarm) -> None:
    """The thing stays in it, is contained, and nobody asked AWS about the group."""
    lease(aws, "pump-01")
    assert answered(aws, alarm("pump-01")).status is IncidentStatus.CONTAINED
    assert groups_of(aws, "pump-01") >= {LEASED}
    assert aws.calls.of(service="iot", operation="DescribeThingGroup") == []
