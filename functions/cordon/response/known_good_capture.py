"""Makes a known-good of what a healthy thing is like. A person looks at it before it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cordon.errors import NotCapturable
from cordon.model.json_pointer import leaves_of
from cordon.model.known_good import Firmware, KnownGood, without_thing
from cordon.model.mistake import mistakes
from cordon.model.text import quoted
from cordon.model.thing_state import CertificateState, ThingState
from cordon.things.firmware_catalog import FirmwareCatalog


@dataclass(frozen=True)
class Captured:
    """The definition, and in sentences what could not be taken over, or what to look at."""

    definition: KnownGood
    remarks: list[str]


def captured(state: ThingState, catalog: FirmwareCatalog) -> Captured:
    """Return the known-good of which the thing is an example; its own name becomes `{thing}`.

    Raises:
        NotCapturable: it has no type or no ACTIVE certificate, or something that no known-good may say.
    """
    if state.type_name is None:
        raise NotCapturable(f"{state.name} has no thing type, and a known-good is of one")
    if state.certificates and not state.active:
        raise NotCapturable(
            f"none of the certificates of {state.name} is ACTIVE: it is no example of a thing that works"
        )
    firmware, remarks = _firmware(state, catalog)
    certificates = state.active
    policies = certificates[0].policies if certificates else []
    if any(one.policies != policies for one in certificates):
        remarks.append("its certificates have different policies: those of the first were taken over")
    facts = {
        "policies": policies,
        "groups": state.groups,
        "shadow": {"desired": dict(leaves_of(state.desired))},
        "attributes": state.attributes,
    }
    told = without_thing(facts, state.name)
    told |= {"thing_type": state.type_name, "firmware": firmware, "certificate": _rules(certificates)}
    return Captured(_definition(told), remarks)


def _definition(told: dict[str, Any]) -> KnownGood:
    try:
        return KnownGood.model_validate(told)
    except ValidationError as error:
        first = mistakes(error)[0]
        field = ".".join(map(str, first.location))
        raise NotCapturable(f"{field}: found {first.found}, expected {first.expected}", field=field) from error


def _rules(certificates: list[CertificateState]) -> dict[str, Any]:
    """Return what all of them keep. How old one may be is nothing that one can be seen to keep."""
    if not certificates:
        return {}
    issuers = sorted({one.issuer for one in certificates if one.issuer is not None})
    return {
        "keys": sorted({str(one.key) for one in certificates}),
        "issuers": issuers or None,
        "exclusive": all(one.exclusive for one in certificates),
    }


def _firmware(state: ThingState, catalog: FirmwareCatalog) -> tuple[Firmware | None, list[str]]:
    """Return the one package that the thing reports, or why no firmware was taken over."""
    if len(state.packages) != 1:
        names = ", ".join(map(quoted, state.packages)) or "none"
        return None, [f"it reports not one package in its shadow $package, but {len(state.packages)} ({names})"]
    ((package, version),) = state.packages.items()
    name = f"version {quoted(version)} of the package {quoted(package)}, which it reports,"
    try:
        wanted = Firmware(package=package, version=version, sha256="0" * 64)
    except ValidationError as error:
        return None, [f"{name} cannot stand in a known-good: expected {mistakes(error)[0].expected}"]
    found = catalog.version(package, version)
    if found is None or found.artefact is None:
        return None, [f"{name} is not in the catalog, or has no artefact there"]
    if found.artefact.sha256 is None:
        return None, [f"{name} has no artefact whose hash can be known: {found.artefact.trouble}"]
    return wanted.model_copy(update={"sha256": found.artefact.sha256}), []
