"""Software packages and their versions, which moto does not know and we keep on its IoT backend.

What may be done to them is the local AWS's (`playtest/local_aws/packages.py`). They are here so that the plant can have
its firmware in the catalog without a call for each step of each version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.iot.models import IoTBackend

_KEPT = "software_packages"


@dataclass
class PackageVersion:
    """One version. `given` holds description, attributes, artifact and recipe as they were last said.

    `token` is the clientToken of the request that made it; times are aware, in UTC.
    """

    package_name: str
    name: str
    arn: str
    created: datetime
    modified: datetime
    token: str | None = None
    status: str = "DRAFT"
    given: dict[str, Any] = field(default_factory=dict)


@dataclass
class Package:
    """One package and its versions by name, in the order in which they were created."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    token: str | None = None
    description: str | None = None
    default: str | None = None
    versions: dict[str, PackageVersion] = field(default_factory=dict)


def package_arn(backend: IoTBackend, name: str) -> str:
    """Return the ARN of a package of this account and Region."""
    return f"arn:aws:iot:{backend.region_name}:{backend.account_id}:package/{name}"


def version_arn(package: Package, version: str) -> str:
    """Return the ARN of a version of the package."""
    return f"{package.arn}/version/{version}"


def packages_of(backend: IoTBackend) -> dict[str, Package]:
    """Return the packages of an account and Region by name, to be read and written; they end with the mock."""
    packages: dict[str, Package] = vars(backend).setdefault(_KEPT, {})
    return packages
