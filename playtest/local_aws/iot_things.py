"""Things and groups as AWS IoT keeps them: versions count, limits hold, exclusive attachments are kept."""

from __future__ import annotations

from threading import RLock
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iot.models import FakeThing, IoTBackend
from moto.iot.responses import IoTResponse

from playtest.fleet.registry import exclusive_attachments, keep_exclusive_attachments
from playtest.fleet.thing_names import ATTRIBUTES_OF_A_TYPE
from playtest.local_aws.iot_errors import AlreadyExists, InvalidRequest, VersionConflict
from playtest.local_aws.moto_methods import replace
from playtest.local_aws.request_shapes import members

ATTRIBUTES_WITHOUT_A_TYPE = 3
"""Attributes of a thing without a thing type (AWS IoT quotas)."""

GROUPS_OF_A_THING = 10
"""Static groups that a thing may be in (AWS IoT quotas)."""

_KINDS = {True: "EXCLUSIVE_THING", False: "NON_EXCLUSIVE_THING"}
_one_at_a_time = RLock()

_create_thing, _add_to_group = IoTBackend.create_thing, IoTBackend.add_thing_to_thing_group
_delete_group = IoTBackend.delete_thing_group
_update_thing, _attach_principal = IoTResponse.update_thing, IoTResponse.attach_thing_principal


def install() -> None:
    """Replace what moto does wrong about things and groups."""
    replace(
        IoTBackend,
        create_thing=create_thing,
        add_thing_to_thing_group=add_thing_to_thing_group,
        delete_thing_group=delete_thing_group,
    )
    replace(
        IoTResponse,
        update_thing=update_thing,
        attach_thing_principal=attach_thing_principal,
        detach_thing_principal=detach_thing_principal,
        list_thing_principals_v2=list_thing_principals_v2,
        list_principal_things_v2=list_principal_things_v2,
        list_things_in_thing_group=list_things_in_thing_group,
    )


def create_thing(
    backend: Any, thing_name: str, thing_type_name: Any, attribute_payload: Any, billing_group_name: Any = None
) -> FakeThing:
    """CreateThing: the same thing again is no error, another one of that name is."""
    attributes = (attribute_payload or {}).get("attributes") or {}
    _check_attributes(attributes, thing_type_name)
    existing: FakeThing | None = next(
        (thing for thing in backend.things.values() if thing.thing_name == thing_name), None
    )
    if existing is None:
        return _create_thing(backend, thing_name, thing_type_name, attribute_payload, billing_group_name)
    kind = existing.thing_type.thing_type_name if existing.thing_type else None
    if (kind, existing.attributes) != (thing_type_name or None, attributes):
        raise AlreadyExists(f"Thing {thing_name} already exists in account with different properties")
    return existing


def add_thing_to_thing_group(
    backend: Any, thing_group_name: Any, thing_group_arn: Any, thing_name: Any, thing_arn: Any
) -> None:
    """AddThingToThingGroup: a thing is in so many groups and no more."""
    group = backend._identify_thing_group(thing_group_name, thing_group_arn)
    thing = backend._identify_thing(thing_name, thing_arn)
    inside = [each for each in list(backend.thing_groups.values()) if thing.arn in each.things]
    if group not in inside and len(inside) >= GROUPS_OF_A_THING:
        # The kind of error is AWS-FACTS 3 (M).
        raise InvalidRequest(f"Thing {thing.thing_name} is in {GROUPS_OF_A_THING} groups already")
    _add_to_group(backend, thing_group_name, thing_group_arn, thing_name, thing_arn)


def delete_thing_group(backend: Any, thing_group_name: str) -> None:
    """DeleteThingGroup: moto leaves the policies of a group that is gone attached, and falls over them later."""
    _delete_group(backend, thing_group_name)
    for target, policy in list(backend.principal_policies):
        if ":thinggroup/" in target and target not in backend.thing_groups:
            del backend.principal_policies[target, policy]


def update_thing(response: Any) -> ActionResult:
    """UpdateThing: the version must be the expected one, and counts; the limit of attributes holds."""
    asked = members(response)
    thing, expected = response.iot_backend.describe_thing(asked["thingName"]), asked.get("expectedVersion")
    if expected is not None and expected != thing.version:
        raise VersionConflict(f"The version for thing {thing.thing_name} is {thing.version}, not {expected}")
    before = (dict(thing.attributes), thing.thing_type)
    result = _update_thing(response)
    try:
        _check_attributes(thing.attributes, thing.thing_type)
    except InvalidRequest:
        thing.attributes, thing.thing_type = before
        raise
    thing.version += 1
    return result


def attach_thing_principal(response: Any) -> ActionResult:
    """AttachThingPrincipal: keeps whether the attachment is exclusive, and then it is the principal's only one."""
    backend, asked = response.iot_backend, members(response)
    thing_name, principal = asked["thingName"], asked["principal"]
    wants = asked.get("thingPrincipalType") == "EXCLUSIVE_THING"
    with _one_at_a_time:
        _check_exclusive(backend, principal, thing_name, wants=wants)
        result = _attach_principal(response)
        if wants:
            keep_exclusive_attachments(backend, exclusive_attachments(backend) | {(principal, thing_name)})
    return result


def detach_thing_principal(response: Any) -> ActionResult:
    """DetachThingPrincipal: forgets that the attachment was exclusive."""
    backend, asked = response.iot_backend, members(response)
    thing_name, principal = asked["thingName"], asked["principal"]
    with _one_at_a_time:
        backend.detach_thing_principal(thing_name=thing_name, principal_arn=principal)
        keep_exclusive_attachments(backend, exclusive_attachments(backend) - {(principal, thing_name)})
    return EmptyResult()


def list_thing_principals_v2(response: Any) -> ActionResult:
    """ListThingPrincipalsV2: with the type of each attachment, which moto does not know."""
    backend, asked = response.iot_backend, members(response)
    thing_name, wanted = asked["thingName"], asked.get("thingPrincipalType")
    attached = [(each, _kind(backend, each, thing_name)) for each in backend.list_thing_principals(thing_name)]
    shown = [{"principal": each, "thingPrincipalType": kind} for each, kind in attached if wanted in (None, kind)]
    return ActionResult({"thingPrincipalObjects": shown})


def list_principal_things_v2(response: Any) -> ActionResult:
    """ListPrincipalThingsV2: with the type of each attachment, which moto does not know."""
    backend, asked = response.iot_backend, members(response)
    principal, wanted = asked["principal"], asked.get("thingPrincipalType")
    attached = [(name, _kind(backend, principal, name)) for name in backend.list_principal_things(principal)]
    shown = [{"thingName": name, "thingPrincipalType": kind} for name, kind in attached if wanted in (None, kind)]
    return ActionResult({"principalThingObjects": shown})


def list_things_in_thing_group(response: Any) -> ActionResult:
    """ListThingsInThingGroup: `recursive` adds the things of the groups below, each thing once."""
    backend, asked = response.iot_backend, members(response)
    name = asked["thingGroupName"]
    groups = [backend.describe_thing_group(name)]
    if asked.get("recursive"):
        groups += backend.list_thing_groups(parent_group=name, name_prefix_filter=None, recursive=True)
    things = {thing.thing_name: None for group in groups for thing in list(group.things.values())}
    return ActionResult({"things": list(things)})


def _check_attributes(attributes: dict[str, str], thing_type: object) -> None:
    limit = ATTRIBUTES_OF_A_TYPE if thing_type else ATTRIBUTES_WITHOUT_A_TYPE
    if len(attributes) > limit:
        raise InvalidRequest(
            f"A thing {'with' if thing_type else 'without'} a thing type has at most {limit} attributes"
        )


def _check_exclusive(backend: Any, principal: str, thing_name: str, *, wants: bool) -> None:
    """Refuse what would not be exclusive (Developer Guide, "Attach a principal to a thing" and "exclusive thing").

    That an attachment keeps its type until it is detached is L: the guide knows no other way from one to the other.
    """
    if wants and ":cert/" not in principal:
        raise InvalidRequest(f"Principal {principal} is no X.509 certificate, and only such can be exclusive")
    others = [name for held_by, name in list(backend.principal_things) if held_by == principal and name != thing_name]
    taken = [name for held_by, name in exclusive_attachments(backend) if held_by == principal and name != thing_name]
    if taken or (wants and others):
        raise InvalidRequest(
            f"Principal {principal} is attached to {(taken or others)[0]} already, and would not be exclusive"
        )
    is_so = (principal, thing_name) in exclusive_attachments(backend)
    if (principal, thing_name) in backend.principal_things and is_so != wants:
        raise InvalidRequest(f"Principal {principal} is attached to {thing_name} already, as {_KINDS[is_so]}")


def _kind(backend: Any, principal: str, thing_name: str) -> str:
    return _KINDS[(principal, thing_name) in exclusive_attachments(backend)]
