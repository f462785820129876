"""AWS IoT's software package catalog, which moto does not know: its ten operations over `packages.Packages`.

Left out: that CreatePackage and what follows it need fleet indexing to be on, tags, bills of materials, and the package
configuration, by which AWS IoT Jobs may write the `$package` shadow in a device's stead.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iot.responses import IoTResponse

from playtest.fleet.software_packages import Package, PackageVersion
from playtest.local_aws import runtime
from playtest.local_aws.moto_methods import add
from playtest.local_aws.packages import Packages
from playtest.local_aws.request_shapes import members


def install() -> None:
    """Add the operations to moto, which routes them by botocore's model."""
    add(
        IoTResponse,
        create_package=_create_package,
        get_package=_get_package,
        update_package=_update_package,
        delete_package=_delete_package,
        list_packages=_list_packages,
        create_package_version=_create_package_version,
        get_package_version=_get_package_version,
        update_package_version=_update_package_version,
        delete_package_version=_delete_package_version,
        list_package_versions=_list_package_versions,
    )


def _catalog(response: Any) -> Packages:
    return Packages(response.iot_backend, runtime.now)


def _create_package(response: Any) -> ActionResult:
    asked = members(response)
    package = _catalog(response).create(asked["packageName"], asked)
    return _answer(packageName=package.name, packageArn=package.arn, description=package.description)


def _get_package(response: Any) -> ActionResult:
    package = _catalog(response).get(members(response)["packageName"])
    return _answer(**_summary_of_package(package), packageArn=package.arn, description=package.description)


def _update_package(response: Any) -> ActionResult:
    asked = members(response)
    _catalog(response).update(asked["packageName"], asked)
    return EmptyResult()


def _delete_package(response: Any) -> ActionResult:
    _catalog(response).delete(members(response)["packageName"])
    return EmptyResult()


def _list_packages(response: Any) -> ActionResult:
    packages = _catalog(response).all()
    return ActionResult({"packageSummaries": [_present(_summary_of_package(package)) for package in packages]})


def _create_package_version(response: Any) -> ActionResult:
    asked = members(response)
    made = _catalog(response).create_version(asked["packageName"], asked["versionName"], asked)
    return _answer(**_named(made), **made.given, packageVersionArn=made.arn, status=made.status)


def _get_package_version(response: Any) -> ActionResult:
    asked = members(response)
    version = _catalog(response).version(asked["packageName"], asked["versionName"])
    return _answer(**_summary_of_version(version), **version.given, packageVersionArn=version.arn)


def _update_package_version(response: Any) -> ActionResult:
    asked = members(response)
    _catalog(response).update_version(asked["packageName"], asked["versionName"], asked)
    return EmptyResult()


def _delete_package_version(response: Any) -> ActionResult:
    asked = members(response)
    _catalog(response).delete_version(asked["packageName"], asked["versionName"])
    return EmptyResult()


def _list_package_versions(response: Any) -> ActionResult:
    asked = members(response)
    versions = _catalog(response).versions(asked["packageName"])
    shown = [version for version in versions if asked.get("status") in (None, version.status)]
    return ActionResult({"packageVersionSummaries": [_summary_of_version(version) for version in shown]})


def _summary_of_package(package: Package) -> dict[str, Any]:
    return {
        "packageName": package.name,
        "defaultVersionName": package.default,
        "creationDate": package.created,
        "lastModifiedDate": package.modified,
    }


def _summary_of_version(version: PackageVersion) -> dict[str, Any]:
    dates = {"creationDate": version.created, "lastModifiedDate": version.modified}
    return {**_named(version), "status": version.status, **dates}


def _named(version: PackageVersion) -> dict[str, Any]:
    return {"packageName": version.package_name, "versionName": version.name}


def _answer(**said: Any) -> ActionResult:
    return ActionResult(_present(said))


def _present(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
