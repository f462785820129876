"""Software packages and their versions as AWS IoT's catalog keeps them: what a state allows, what is refused.

From the Developer Guide, "Preparing to use Software Package Catalog" (package version lifecycle): a draft may be
edited; a version that is published or deprecated keeps all but its description. Which error a refusal is, is M: the
model lists ConflictException and ValidationException for the operations and does not say when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from playtest.fleet.software_packages import Package, PackageVersion, package_arn, packages_of, version_arn
from playtest.local_aws.iot_errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from moto.iot.models import IoTBackend

ATTRIBUTE_BYTES = 3 * 1024
"""All attributes of a version together, names and values (API reference, "3KB")."""

_BECOMES = {
    "PUBLISH": ("PUBLISHED", ("DRAFT", "DEPRECATED")),
    "DEPRECATE": ("DEPRECATED", ("PUBLISHED",)),
}
"""What an action makes of a version, and in which states it may be asked for."""

_OF_A_DRAFT = ("attributes", "artifact", "recipe")
"""What only a draft takes: the API reference says so of attributes, the lifecycle of all but description and tags."""

_one_at_a_time = RLock()

Given = Mapping[str, Any]
"""The members of a request."""


Made = TypeVar("Made", Package, PackageVersion)


class Packages:
    """The catalog of one account and Region. `now` gives aware times in UTC."""

    def __init__(self, backend: IoTBackend, now: Callable[[], datetime]) -> None:
        self._backend = backend
        self._now = now
        self._packages = packages_of(backend)

    def all(self) -> list[Package]:
        """Return every package, in the order in which they were created."""
        return list(self._packages.values())

    def get(self, name: str) -> Package:
        """Return a package; NotFound where there is none."""
        if name not in self._packages:
            raise NotFound(f"Package {name} does not exist")
        return self._packages[name]

    def version(self, name: str, version: str) -> PackageVersion:
        """Return a version of a package; NotFound where there is none."""
        found = self.get(name).versions.get(version)
        if found is None:
            raise NotFound(f"Version {version} of package {name} does not exist")
        return found

    def versions(self, name: str) -> list[PackageVersion]:
        """Return the versions of a package; none of a package that is not there (the model knows no 404 here: L)."""
        package = self._packages.get(name)
        return list(package.versions.values()) if package else []

    def create(self, name: str, given: Given) -> Package:
        """Keep a new package; Conflict where there is one, unless the same request (its token) made it."""
        with _one_at_a_time:
            existing, token, moment = self._packages.get(name), given.get("clientToken"), self._now()
            if existing is not None:
                return _made_by_the_same_request(existing, token)
            arn = package_arn(self._backend, name)
            package = Package(name, arn, moment, moment, token, given.get("description"))
            self._packages[name] = package
            return package

    def create_version(self, name: str, version: str, given: Given) -> PackageVersion:
        """Keep a new draft; Conflict where there is that version, Invalid where there is no package (M) or too much."""
        _check_attributes(given)
        with _one_at_a_time:
            package = self._packages.get(name)
            if package is None:
                raise Invalid(f"Package {name} does not exist")
            token, moment = given.get("clientToken"), self._now()
            if version in package.versions:
                return _made_by_the_same_request(package.versions[version], token)
            arn = version_arn(package, version)
            made = PackageVersion(name, version, arn, moment, moment, token, given=_said(given))
            package.versions[version] = made
            return made

    def update(self, name: str, given: Given) -> None:
        """Change description or default version, which is one that is published or deprecated."""
        wanted, unset = given.get("defaultVersionName"), bool(given.get("unsetDefaultVersion"))
        if wanted and unset:
            raise Invalid("A default version cannot be named and unset at the same time")
        with _one_at_a_time:
            package = self.get(name)
            if wanted and self.version(name, wanted).status == "DRAFT":
                raise Conflict(f"Version {wanted} of package {name} is a draft, and no default version", wanted)
            package.default = wanted or (None if unset else package.default)
            package.description = given.get("description", package.description)
            package.modified = self._now()

    def update_version(self, name: str, version: str, given: Given) -> None:
        """Change what the version's state lets change, then its state; Conflict for anything else."""
        _check_attributes(given)
        with _one_at_a_time:
            found = self.version(name, version)
            frozen = [member for member in _OF_A_DRAFT if member in given]
            if frozen and found.status != "DRAFT":
                raise Conflict(f"Version {version} is {found.status}, so its {frozen[0]} cannot be changed", version)
            status = _status_after(found, given.get("action"))
            found.status = status
            found.given |= _said(given)
            found.modified = self._now()

    def delete(self, name: str) -> None:
        """Forget a package; Invalid while it has versions. None of that name is no error: the model knows no 404."""
        with _one_at_a_time:
            if self.versions(name):
                raise Invalid(f"Package {name} has versions, which must be deleted first")
            self._packages.pop(name, None)

    def delete_version(self, name: str, version: str) -> None:
        """Forget a version, whatever its state; Invalid while it is the default one."""
        with _one_at_a_time:
            package = self._packages.get(name)
            if package is not None and package.default == version:
                raise Invalid(f"Version {version} is the default version of package {name}")
            if package is not None:
                package.versions.pop(version, None)


def _made_by_the_same_request(existing: Made, token: str | None) -> Made:
    if token is None or token != existing.token:
        raise Conflict(f"{existing.name} already exists", existing.name)
    return existing


def _said(given: Given) -> dict[str, Any]:
    return {member: given[member] for member in ("description", *_OF_A_DRAFT) if member in given}


def _status_after(version: PackageVersion, action: str | None) -> str:
    if action is None:
        return version.status
    status, allowed = _BECOMES[action]
    if version.status not in allowed:
        raise Conflict(f"Version {version.name} is {version.status}, so it does not become {status}", version.name)
    return status


def _check_attributes(given: Given) -> None:
    attributes = given.get("attributes") or {}
    size = sum(len(part.encode()) for pair in attributes.items() for part in pair)
    if size > ATTRIBUTE_BYTES:
        raise Invalid(f"The attributes of a package version hold at most {ATTRIBUTE_BYTES} bytes, not {size}")
