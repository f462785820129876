"""Shadows in moto, made to refuse and to answer as AWS IoT does.

moto's own never takes a section away (`"desired": null`), dates every value anew, has a delta of what is equal, falls
over a version where there is no shadow, lists deleted ones, and knows neither limits nor the `$package` shadow. The
messages are those of the Developer Guide, "Device Shadow error messages".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.iotdata.models import IoTDataPlaneBackend
from moto.iotdata.responses import IoTDataPlaneResponse

from playtest.fleet import shadows
from playtest.fleet.shadows import RESERVED, SECTIONS, Shadow
from playtest.local_aws import runtime
from playtest.local_aws.iot_errors import Conflict, InvalidRequest, NotFound, TooLarge
from playtest.local_aws.moto_methods import replace
from playtest.local_aws.paging import BadToken, Pages, in_pages
from playtest.local_aws.request_shapes import members, violations

DOCUMENT_BYTES = 8 * 1024
"""A request, and a shadow without its metadata (AWS IoT Core quotas; which error the second makes is M)."""
LEVELS = 8
"""Levels of `desired` or `reported`, itself the first (AWS IoT Core quotas; the guide's own message says 6: M)."""
TOKEN_BYTES = 64

_OF_A_PACKAGE = ("version", "attributes")
_one_at_a_time = RLock()


def install() -> None:
    """Replace what moto does wrong about shadows."""
    replace(
        IoTDataPlaneBackend,
        update_thing_shadow=update_thing_shadow,
        get_thing_shadow=get_thing_shadow,
        delete_thing_shadow=delete_thing_shadow,
        list_named_shadows_for_thing=list_named_shadows_for_thing,
    )
    answers = {
        "UpdateThingShadow": IoTDataPlaneResponse.update_thing_shadow,
        "GetThingShadow": IoTDataPlaneResponse.get_thing_shadow,
        "DeleteThingShadow": _delete_thing_shadow,
        "ListNamedShadowsForThing": in_pages(Pages("results", size="pageSize"), _list_named_shadows),
    }
    for operation, answer in answers.items():
        replace(IoTDataPlaneResponse, **{xform_name(operation): _checked(operation, answer)})


def update_thing_shadow(backend: Any, thing_name: str, payload: str | bytes, shadow_name: str | None) -> Shadow:
    """UpdateThingShadow: a shadow that is not there is made. A thing that is not registered is refused (AWS: M)."""
    thing = backend.iot_backend.describe_thing(thing_name)
    document = _document(payload)
    if shadow_name is not None and shadow_name.startswith("$"):
        _check_reserved(shadow_name, document["state"])
    with _one_at_a_time:
        last, expected = shadows.last_version(thing, shadow_name), document.get("version")
        if expected is not None and expected != last:
            raise Conflict(f"Version conflict: the shadow has version {last}, not {expected}")
        before = shadows.shadows_of(thing).get(shadow_name)
        _check_size(shadows.merged(before, document["state"]))
        return shadows.update(thing, document["state"], runtime.now(), shadow_name, document.get("clientToken"))


def get_thing_shadow(backend: Any, thing_name: str, shadow_name: str | None) -> Shadow:
    """GetThingShadow: NotFound where there is none."""
    found = shadows.shadows_of(backend.iot_backend.describe_thing(thing_name)).get(shadow_name)
    if found is None:
        raise NotFound(f"No shadow exists with name: '{thing_name}{f'~{shadow_name}' if shadow_name else ''}'")
    return found


def delete_thing_shadow(backend: Any, thing_name: str, shadow_name: str | None) -> Shadow:
    """DeleteThingShadow: NotFound where there is none. One that is made anew goes on with the next version."""
    with _one_at_a_time:
        get_thing_shadow(backend, thing_name, shadow_name)
        return shadows.delete(backend.iot_backend.describe_thing(thing_name), shadow_name)


def list_named_shadows_for_thing(backend: Any, thing_name: str) -> list[str]:
    """ListNamedShadowsForThing: the reserved one, too; never the classic one, nor one that was deleted."""
    return [name for name in shadows.shadows_of(backend.iot_backend.describe_thing(thing_name)) if name is not None]


def _list_named_shadows(response: Any) -> ActionResult:
    names = response.iotdata_backend.list_named_shadows_for_thing(members(response)["thingName"])
    return ActionResult({"results": names, "timestamp": int(runtime.now().timestamp())})


def _delete_thing_shadow(response: Any) -> str:
    asked = members(response)
    gone = response.iotdata_backend.delete_thing_shadow(asked["thingName"], asked.get("shadowName"))
    return json.dumps({"version": gone.version, "timestamp": int(runtime.now().timestamp())})


def _checked(operation: str, perform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Refuse what breaks botocore's model before anything else is looked at, as `iot` does for the control plane."""

    def checked(response: Any) -> Any:
        shape = get_service_model("iot-data").operation_model(operation).input_shape
        if found := list(violations(shape, members(response))):
            raise InvalidRequest("; ".join(found))
        try:
            return perform(response)
        except BadToken as token:
            raise InvalidRequest(f"Invalid token: {token}") from None

    return checked


def _document(payload: str | bytes) -> dict[str, Any]:
    """Return the request as it was parsed; raises what AWS IoT answers to one that it does not take."""
    text = payload.encode() if isinstance(payload, str) else payload
    if len(text) > DOCUMENT_BYTES:
        raise TooLarge(f"The payload is {len(text)} bytes, and at most {DOCUMENT_BYTES} are allowed")
    try:
        document = json.loads(text)
    except ValueError:
        raise InvalidRequest("Invalid JSON") from None
    if not isinstance(document, dict) or "state" not in document:
        raise InvalidRequest("Missing required node: state")
    _check_envelope(document)
    _check_state(document["state"])
    return document


def _check_envelope(document: Mapping[str, Any]) -> None:
    version, token = document.get("version"), document.get("clientToken")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise InvalidRequest("Invalid version")
    if token is not None and (not isinstance(token, str) or len(token.encode()) > TOKEN_BYTES):
        raise InvalidRequest("Invalid clientToken")


def _check_state(state: Any) -> None:
    if state is None:
        return
    if not isinstance(state, dict):
        raise InvalidRequest("State node must be an object")
    for name, section in state.items():
        if name not in SECTIONS:
            raise InvalidRequest(f"State contains an invalid node: '{name}'")
        if section is not None and not isinstance(section, dict):
            raise InvalidRequest(f"{name.capitalize()} node must be an object")
        if _levels(section) > LEVELS:
            raise InvalidRequest(f"JSON contains too many levels of nesting; maximum is {LEVELS}")


def _levels(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(_levels, inside), default=0)


def _check_reserved(name: str, state: Any) -> None:
    """A `$` begins reserved names, and there is one (M); it takes what is reported of packages, and their two words.

    That nothing can be desired of packages is L: the Developer Guide shows `reported` only. Whether the version that a
    device reports is in the catalog is not looked at: the device says what it says.
    """
    if name != RESERVED:
        raise InvalidRequest(f"{name} is no shadow that AWS IoT reserves")
    if state is None:
        return
    if "desired" in state:
        raise InvalidRequest(f"State contains an invalid node: 'desired' of {RESERVED}")
    for package, said in (state.get("reported") or {}).items():
        _check_package(package, said)


def _check_package(package: str, said: Any) -> None:
    if said is None:
        return
    if not isinstance(said, dict):
        raise InvalidRequest(f"Package {package} must be an object")
    for word, value in said.items():
        if word not in _OF_A_PACKAGE:
            raise InvalidRequest(f"Package {package} contains an invalid node: '{word}'")
        kind = str if word == "version" else dict
        if value is not None and not isinstance(value, kind):
            raise InvalidRequest(f"{word} of package {package} is of the wrong kind")


def _check_size(state: Mapping[str, Any]) -> None:
    size = len(json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode())
    if size > DOCUMENT_BYTES:
        raise TooLarge(f"The shadow would be {size} bytes, and at most {DOCUMENT_BYTES} are allowed")
