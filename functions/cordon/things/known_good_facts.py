"""Reads of a thing what its known-good speaks of: registry, groups, certificates, shadows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cordon.model.thing_state import CertificateState, ThingState
from cordon.things.certificate_text import certificate_text
from cordon.things.facts import attached_names, groups_of

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_iot_data import IoTDataPlaneClient

PACKAGES = "$package"
"""The reserved shadow in which a device reports the versions of its packages (Developer Guide, "Preparing to use
Software Package Catalog")."""
_CERTIFICATE = ":cert/"


class ThingStates:
    """Reads AWS IoT. Who may call UpdateThingShadow as the device wrote what is in its shadows."""

    def __init__(self, iot: IoTClient, iot_data: IoTDataPlaneClient) -> None:
        """Read through the two clients."""
        self._iot, self._iot_data = iot, iot_data

    def read(self, name: str) -> ThingState | None:
        """Return what is there of the thing `name`, or None if AWS IoT has no such thing."""
        try:
            thing = self._iot.describe_thing(thingName=name)
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        groups, above = self._groups(name)
        return ThingState(
            name=name,
            type_name=thing.get("thingTypeName"),
            attributes=thing.get("attributes", {}),
            groups=groups,
            groups_above=above,
            certificates=self._certificates(name),
            desired=_object(self._shadow(name), "state", "desired"),
            packages=_versions(self._shadow(name, PACKAGES)),
        )

    def _groups(self, thing_name: str) -> tuple[list[str], list[str]]:
        """Return the static groups that hold the thing itself, and those in which they lie."""
        groups: list[str] = []
        above: set[str] = set()
        for name, _ in groups_of(self._iot, thing_name):
            group = self._iot.describe_thing_group(thingGroupName=name)
            if group.get("queryString") is None:  # a dynamic one comes and goes with what its query asks for
                groups.append(name)
                parents = group.get("thingGroupMetadata", {}).get("rootToParentThingGroups", [])
                above |= {parent["groupName"] for parent in parents}
        return sorted(groups), sorted(above)

    def _certificates(self, thing_name: str) -> list[CertificateState]:
        pages = self._iot.get_paginator("list_thing_principals_v2").paginate(thingName=thing_name)
        attached = {
            one["principal"]: one.get("thingPrincipalType") == "EXCLUSIVE_THING"
            for page in pages
            for one in page["thingPrincipalObjects"]
        }
        return [self._certificate(arn, attached[arn]) for arn in sorted(attached) if _CERTIFICATE in arn]

    def _certificate(self, arn: str, exclusive: bool) -> CertificateState:  # noqa: FBT001 - what the attachment is
        certificate_id = arn.rpartition("/")[2]
        described = self._iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]
        text = certificate_text(described["certificatePem"])
        return CertificateState(
            id=certificate_id,
            status=described["status"],
            exclusive=exclusive,
            policies=attached_names(self._iot, arn),
            key=text.key if text else None,
            issuer=text.issuer if text else None,
            issued_at=text.issued_at if text else None,
        )

    def _shadow(self, thing_name: str, shadow: str | None = None) -> Any:
        """Return a shadow's document; the classic one has no name. One that was never made says nothing."""
        named = {"shadowName": shadow} if shadow else {}
        try:
            answer = self._iot_data.get_thing_shadow(thingName=thing_name, **named)
        except self._iot_data.exceptions.ResourceNotFoundException:
            return {}
        return json.loads(answer["payload"].read())


def _object(document: Any, *steps: str) -> dict[str, Any]:
    """Return the object at that place; an empty one where there is none."""
    for step in steps:
        document = document.get(step) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _versions(shadow: Any) -> dict[str, str]:
    """Return the version of each package that the device reports; what has not that form says nothing."""
    reported = _object(shadow, "state", "reported")
    versions = {package: _object(reported, package).get("version") for package in sorted(reported)}
    return {package: version for package, version in versions.items() if isinstance(version, str)}
