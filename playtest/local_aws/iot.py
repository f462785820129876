"""AWS IoT's control plane in moto, made to refuse what AWS refuses (LOCAL-AWS.md, "wrong, and dangerous").

What is added lives on moto's classes for the life of the process, as the rest of the local AWS does; what it remembers
lives on moto's backends and ends with the mock.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.iot.responses import IoTResponse

from playtest.fleet import broker
from playtest.local_aws import (
    iot_certificates,
    iot_dynamic_groups,
    iot_jobs,
    iot_packages,
    iot_policies,
    iot_things,
)
from playtest.local_aws.iot_errors import Invalid, InvalidRequest, NotFound
from playtest.local_aws.moto_methods import add, replace
from playtest.local_aws.paging import BadToken, Pages, in_pages, markers
from playtest.local_aws.request_shapes import members, violations

_READING = ("Describe", "Get", "List", "Search")

PAGED = {
    "list_attached_policies": markers("policies"),
    "list_certificates": markers("certificates"),
    "list_package_versions": Pages("packageVersionSummaries"),
    "list_packages": Pages("packageSummaries"),
    "list_policies": markers("policies"),
    "list_principal_things": Pages("things"),
    "list_principal_things_v2": Pages("principalThingObjects"),
    "list_role_aliases": markers("roleAliases"),
    "list_targets_for_policy": markers("targets"),
    "list_thing_groups": Pages("thingGroups"),
    "list_thing_groups_for_thing": Pages("thingGroups"),
    "list_thing_principals": Pages("principals"),
    "list_thing_principals_v2": Pages("thingPrincipalObjects"),
    "list_things_in_thing_group": Pages("things"),
}
"""The list operations that moto or a module of ours answers in one piece, by method of moto's Response class."""


@cache
def install() -> None:
    """Put all of it into moto, once per process."""
    for module in (iot_certificates, iot_policies, iot_things, iot_jobs, iot_dynamic_groups, iot_packages):
        module.install()
    for operation, pages in PAGED.items():
        replace(IoTResponse, **{operation: in_pages(pages, getattr(IoTResponse, operation))})
    add(IoTResponse, get_thing_connectivity_data=_get_thing_connectivity_data)
    _check_every_request()


def _check_every_request() -> None:
    answer = IoTResponse.call_action

    def call_action(response: Any) -> Any:
        operation = response._get_action()
        if operation and (wrong := _wrong_with(response, operation)):
            return _refused(response, operation, wrong)
        try:
            return answer(response)
        except BadToken as token:
            return _refused(response, operation, f"Invalid token: {token}")
        finally:
            _tell_broker(response, operation)

    replace(IoTResponse, call_action=call_action)


def _wrong_with(response: Any, operation: str) -> str:
    found = list(violations(_model(operation).input_shape, members(response)))
    return f"{len(found)} validation error(s) detected: {'; '.join(found)}" if found else ""


@cache
def _model(operation: str) -> Any:
    return get_service_model("iot").operation_model(operation)


def _refused(response: Any, operation: str, reason: str) -> Any:
    """Answer with the error by which the operation refuses a request: the catalog's has another name."""
    known = {shape.name for shape in _model(operation).error_shapes}
    error = Invalid if Invalid.code in known else InvalidRequest
    status, headers, body = response.serialized(ActionResult(error(reason)))
    return status, {**headers, "status": str(status)}, body


def _tell_broker(response: Any, operation: str | None) -> None:
    """Let the broker take notice of a change at once, so that its delays run from the change itself."""
    live = broker.live(response.current_account, response.region)
    if live is not None and operation and not operation.startswith(_READING):
        live.observe()


def _get_thing_connectivity_data(response: Any) -> ActionResult:
    """Answer what fleet indexing knows of the thing's last session: nothing more than connected=false without one."""
    thing_name = members(response)["thingName"]
    live = broker.live(response.current_account, response.region)
    if not any(thing.thing_name == thing_name for thing in list(response.iot_backend.things.values())):
        raise NotFound(f"Thing {thing_name} cannot be found")
    session = live.sessions.of_thing(thing_name) if live else None
    if session is None:
        return ActionResult({"thingName": thing_name, "connected": False})
    data = {
        "thingName": thing_name,
        "connected": session.connected,
        "timestamp": session.disconnected_since or session.connected_since,
        "clientId": session.client_id,
        "disconnectReason": session.disconnect_reason,
    }
    return ActionResult({name: value for name, value in data.items() if value is not None})
