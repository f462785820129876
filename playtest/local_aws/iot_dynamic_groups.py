"""Dynamic thing groups, which moto does not know: a query chooses the members, and nobody else does.

From the Developer Guide, "Dynamic thing groups". That fleet indexing must be on, and that members follow after a while,
is left out: here they follow at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.iot.models import FakeThing, FakeThingGroup, IoTBackend
from moto.iot.responses import IoTResponse

from playtest.local_aws.iot_errors import AlreadyExists, InvalidRequest, NotFound
from playtest.local_aws.moto_methods import add, replace
from playtest.local_aws.request_shapes import members

INDEX, QUERY_VERSION = "AWS_Things", "2017-09-30"
"""The only ones (API reference, CreateDynamicThingGroup)."""


class DynamicGroup(FakeThingGroup):
    """A group of the things that a query finds."""

    def __init__(self, name: str, query: str, properties: dict[str, Any], backend: Any) -> None:
        """Make a group without a parent: a dynamic group is in no hierarchy."""
        self.query = query
        self._registered: Mapping[str, FakeThing] = backend.things
        no_parent: Any = None  # moto's own word for it, against its annotation
        super().__init__(name, no_parent, properties, backend.account_id, backend.region_name, {})

    @property
    def things(self) -> dict[str, FakeThing]:
        """The members as the registry stands now."""
        return {arn: thing for arn, thing in list(self._registered.items()) if thing.matches(self.query)}

    @things.setter
    def things(self, _: object) -> None:
        """Take no members: moto begins every group with none."""

    def to_dict(self) -> dict[str, Any]:
        """Return what DescribeThingGroup answers: for a dynamic group the query, too."""
        query = {"indexName": INDEX, "queryString": self.query, "queryVersion": QUERY_VERSION, "status": "ACTIVE"}
        return {**super().to_dict(), **query}


def install() -> None:
    """Add the operation to moto, and refuse for a dynamic group what a static one allows."""
    add(IoTResponse, create_dynamic_thing_group=create_dynamic_thing_group)
    replace(
        IoTBackend,
        add_thing_to_thing_group=_for_static_groups(IoTBackend.add_thing_to_thing_group),
        remove_thing_from_thing_group=_for_static_groups(IoTBackend.remove_thing_from_thing_group),
        attach_policy=_without_policies(IoTBackend.attach_policy),
    )


def create_dynamic_thing_group(response: Any) -> ActionResult:
    """CreateDynamicThingGroup: the same group again is no error, another one of that name is."""
    backend, asked = response.iot_backend, members(response)
    name, query = asked["thingGroupName"], asked["queryString"]
    group = DynamicGroup(name, query, asked.get("thingGroupProperties") or {}, backend)
    existing = backend.thing_groups.setdefault(group.arn, group)
    if not isinstance(existing, DynamicGroup) or existing.query != query:
        raise AlreadyExists(f"Thing Group {name} already exists in account with different properties")
    described = existing.to_dict()
    shown = ("thingGroupName", "thingGroupArn", "thingGroupId", "indexName", "queryString", "queryVersion")
    return ActionResult({member: described[member] for member in shown})


def leave_policy(backend: Any, policy_name: str, group_arn: str) -> None:
    """Let a dynamic group have a policy as of old: earlier editions of the Developer Guide allowed one.

    Whether any group is left that has one is not known (L), so code has to be right about both.
    """
    if not isinstance(group := backend.thing_groups.get(group_arn), DynamicGroup):
        raise NotFound
    backend.principal_policies[group_arn, policy_name] = (group, backend.get_policy(policy_name))


def _for_static_groups(method: Callable[..., Any]) -> Callable[..., Any]:
    def of_static_group(backend: Any, thing_group_name: Any, thing_group_arn: Any, *more: Any, **named: Any) -> Any:
        group = backend._identify_thing_group(thing_group_name, thing_group_arn)
        if isinstance(group, DynamicGroup):
            # The kind of error is M: the API reference names this one for whatever is wrong with a request.
            raise InvalidRequest(f"{group.thing_group_name} is a dynamic group: its query chooses its things")
        return method(backend, thing_group_name, thing_group_arn, *more, **named)

    return of_static_group


def _without_policies(method: Callable[..., Any]) -> Callable[..., Any]:
    def attach_policy(backend: Any, policy_name: str, target: str) -> Any:
        if isinstance(backend.thing_groups.get(target), DynamicGroup):
            raise InvalidRequest(f"{target} is a dynamic group, which can have no policy")
        return method(backend, policy_name, target)

    return attach_policy
