"""Does what a known-good names exist, and is it as it says? Looked at before anything is signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cordon.errors import UnfitKnownGood
from cordon.model.known_good import THING, Firmware, KnownGood
from cordon.model.text import quoted
from cordon.things.firmware_catalog import Artefact, FirmwareCatalog

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

PUBLISHED = "PUBLISHED"
"""The status of a version that can be installed and stays as it is (Developer Guide, "Package version lifecycle")."""
Fault = tuple[str, str, str]
"""Field, found, expected."""


@dataclass(frozen=True)
class Fitness:
    """What the names of a known-good are looked up in."""

    iot: IoTClient
    catalog: FirmwareCatalog
    quarantine_group: str

    def require(self, definition: KnownGood) -> None:
        """Return if all that the definition names is there and as it says.

        A name with `{thing}` in it is of many policies or groups, and is left to the check of each thing.

        Raises:
            UnfitKnownGood: the first that is not, with its field, what was found and what was expected.
        """
        for field, found, expected in self._faults(definition):
            field_ = f"definition.{field}"
            raise UnfitKnownGood(f"{field_}: found {found}, expected {expected}", field=field_)

    def _faults(self, definition: KnownGood) -> Iterator[Fault]:
        if definition.firmware:
            yield from self._firmware(definition.firmware)
        yield from self._policies(definition.policies)
        yield from self._groups(definition.groups)

    def _firmware(self, wanted: Firmware) -> Iterator[Fault]:
        field = "firmware.version"
        version = self.catalog.version(wanted.package, wanted.version)
        name = f"version {quoted(wanted.version)} of the package {quoted(wanted.package)}"
        if version is None:
            yield field, f"{name}, which the catalog does not have", "one that it has"
        elif version.status != PUBLISHED:
            yield field, f"{name}, which is {version.status}", f"one that is {PUBLISHED}"
        elif version.artefact is None:
            yield field, f"{name}, of which the catalog names no artefact", "one with an artefact in S3"
        else:
            yield from _artefact(wanted, version.artefact)

    def _policies(self, names: list[str]) -> Iterator[Fault]:
        for place, name in _literal(names):
            try:
                self.iot.get_policy(policyName=name)
            except self.iot.exceptions.ResourceNotFoundException:
                yield f"policies.{place}", f"{quoted(name)}, which does not exist", "an IoT policy of this account"

    def _groups(self, names: list[str]) -> Iterator[Fault]:
        for place, name in _literal(names):
            field = f"groups.{place}"
            if name == self.quarantine_group:
                yield field, f"{quoted(name)}, the quarantine group", "a group of things that are well"
            try:
                group = self.iot.describe_thing_group(thingGroupName=name)
            except self.iot.exceptions.ResourceNotFoundException:
                yield field, f"{quoted(name)}, which does not exist", "a static thing group"
            else:
                if group.get("queryString") is not None:
                    yield field, f"{quoted(name)}, which is dynamic", "a static thing group: nobody can put it there"


def _artefact(wanted: Firmware, artefact: Artefact) -> Iterator[Fault]:
    if artefact.sha256 is None:
        yield "firmware.version", f"{artefact.trouble}", "an artefact that can be read"
    elif artefact.sha256 != wanted.sha256:
        found = f"{wanted.sha256}"
        yield "firmware.sha256", found, f"{artefact.sha256}, the SHA-256 of {quoted(artefact.place, 300)}"


def _literal(names: list[str]) -> Iterator[tuple[int, str]]:
    return ((place, name) for place, name in enumerate(names) if THING not in name)
