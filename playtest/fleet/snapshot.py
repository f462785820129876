"""What the fleet looks like, read through the API, and what differs between two looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cordon.model.json_pointer import leaves_of

from playtest.fleet.sessions import Session
from playtest.fleet.shadows import RESERVED, State

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

Fields = Mapping[str, Any]
"""The fields of one resource; every value is plain JSON."""


@dataclass(frozen=True)
class Snapshot:
    """Everything that containment could touch, in a fixed order.

    `registry` has `certificate/ID` (status, policies), `policy/NAME` (document), `group/NAME` (members, policies) and
    `thing/NAME` (attributes, type, groups, principals; a field for each value of its shadows, such as
    `shadow/desired/interval`, `shadow:NAME/reported/interval` or, of the packages that it reports,
    `installed/PACKAGE/version`); where there is a policy that denies sessions of AWS credentials, `sts-deny/policy`
    (certificates). `sessions` has `session/CLIENT-ID` (connected, thing, principal).
    """

    registry: Mapping[str, Fields]
    sessions: Mapping[str, Fields]


@dataclass(frozen=True)
class FieldDiff:
    """One field that differs; None stands for a resource or a field that was not there."""

    resource: str
    field: str
    before: Any
    after: Any


def diff(before: Snapshot, after: Snapshot, *, sessions: bool = True) -> list[FieldDiff]:
    """Return what differs, by resource and field; without `sessions`, only what the registry holds."""
    found = list(_differences(before.registry, after.registry))
    return found + (list(_differences(before.sessions, after.sessions)) if sessions else [])


def take(
    iot: IoTClient,
    sessions: Iterable[Session],
    denied: list[str] | None = None,
    shadows: Mapping[str, Mapping[str | None, State]] | None = None,
) -> Snapshot:
    """Read the registry through `iot` (every page of every list) and put `sessions` beside it.

    `denied` are the certificate ids whose sessions of AWS credentials are denied; None: there is no such policy.
    `shadows` are the states of the shadows by thing and name, which no call gives in one piece.
    """
    policies = _names(iot, "list_policies", "policies", "policyName")
    attachments = _attachments(iot, policies)
    groups = {name: _members(iot, name) for name in _names(iot, "list_thing_groups", "thingGroups", "groupName")}
    registry = dict(_certificates(iot, attachments)) | dict(_policies(iot, policies))
    registry |= {
        f"group/{name}": {"members": members, "policies": sorted(attachments.get(("thinggroup", name), ()))}
        for name, members in groups.items()
    }
    registry |= dict(_things(iot, groups, shadows or {}))
    registry |= {} if denied is None else {"sts-deny/policy": {"certificates": denied}}
    held = {
        f"session/{session.client_id}": {
            "connected": session.connected,
            "thing": session.thing_name,
            "principal": session.principal.rpartition("/")[2],
        }
        for session in sessions
    }
    return Snapshot(dict(sorted(registry.items())), dict(sorted(held.items())))


def _differences(before: Mapping[str, Fields], after: Mapping[str, Fields]) -> Iterator[FieldDiff]:
    for resource in sorted(before.keys() | after.keys()):
        was, now = before.get(resource, {}), after.get(resource, {})
        for field in sorted(was.keys() | now.keys()):
            if was.get(field) != now.get(field):
                yield FieldDiff(resource, field, was.get(field), now.get(field))


def _pages(iot: IoTClient, operation: str, key: str, **arguments: str) -> Iterator[Any]:
    paginator: Any = iot.get_paginator(operation)  # type: ignore[call-overload]  # the stubs know literal names only
    for page in paginator.paginate(**arguments):
        yield from page[key]


def _names(iot: IoTClient, operation: str, key: str, name: str) -> list[str]:
    return sorted(entry[name] for entry in _pages(iot, operation, key))


def _attachments(iot: IoTClient, policies: list[str]) -> dict[tuple[str, str], list[str]]:
    """Return the names of the policies by what they are attached to, such as ("cert", ID) or ("thinggroup", NAME)."""
    found: dict[tuple[str, str], list[str]] = {}
    for policy in policies:
        for target in _pages(iot, "list_targets_for_policy", "targets", policyName=policy):
            kind, _, name = target.rpartition(":")[2].partition("/")
            found.setdefault((kind, name), []).append(policy)
    return found


def _certificates(iot: IoTClient, attachments: Mapping[tuple[str, str], list[str]]) -> Iterator[tuple[str, Fields]]:
    for certificate in _pages(iot, "list_certificates", "certificates"):
        certificate_id = certificate["certificateId"]
        policies = sorted(attachments.get(("cert", certificate_id), ()))
        yield f"certificate/{certificate_id}", {"status": certificate["status"], "policies": policies}


def _policies(iot: IoTClient, policies: list[str]) -> Iterator[tuple[str, Fields]]:
    for name in policies:
        yield f"policy/{name}", {"document": iot.get_policy(policyName=name)["policyDocument"]}


def _members(iot: IoTClient, group: str) -> list[str]:
    return sorted(_pages(iot, "list_things_in_thing_group", "things", thingGroupName=group))


def _things(
    iot: IoTClient, groups: Mapping[str, list[str]], shadows: Mapping[str, Mapping[str | None, State]]
) -> Iterator[tuple[str, Fields]]:
    for thing in _pages(iot, "list_things", "things"):
        name = thing["thingName"]
        principals = _pages(iot, "list_thing_principals", "principals", thingName=name)
        yield (
            f"thing/{name}",
            {
                "attributes": dict(sorted(thing["attributes"].items())),
                "type": thing.get("thingTypeName"),
                "groups": sorted(group for group, members in groups.items() if name in members),
                "principals": sorted(principal.rpartition("/")[2] for principal in principals),
                **dict(_shadow_fields(shadows.get(name, {}))),
            },
        )


def _shadow_fields(shadows: Mapping[str | None, State]) -> Iterator[tuple[str, Any]]:
    for name, state in shadows.items():
        for section, said in state.items():
            above = "installed" if name == RESERVED else f"shadow{f':{name}' if name else ''}/{section}"
            yield from ((f"{above}{pointer}", value) for pointer, value in leaves_of(said))
