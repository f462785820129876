"""Put the plant's firmware into the local AWS: artefacts in a bucket, versions in the software package catalog.

A hundred calls would make it, and nearly half a second; every plant has it. So it is written where moto and the local
AWS keep it, as published by calls; `test_demo_software.py` reads it back through the API.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from functools import cache

from moto.iot.models import iot_backends
from moto.s3.models import S3Backend, s3_backends

from playtest.fleet.demo_software import FIRMWARE, artefact, artefact_key, firmware_bucket
from playtest.fleet.software_packages import Package, PackageVersion, package_arn, packages_of, version_arn


def publish(account: str, region: str, at: datetime) -> None:
    """Publish all versions of all packages, the newest as default; the bucket keeps versions, as the catalog wants."""
    s3, iot = s3_backends[account]["aws"], iot_backends[account][region]
    bucket = firmware_bucket(account, region)
    s3.create_bucket(bucket, region)
    s3.put_bucket_versioning(bucket, "Enabled")
    for firmware in FIRMWARE.values():
        arn = package_arn(iot, firmware.package)
        package = Package(firmware.package, arn, at, at, default=firmware.current)
        package.versions |= {name: _version(s3, bucket, package, name, at) for name in firmware.versions}
        packages_of(iot)[firmware.package] = package


def _version(s3: S3Backend, bucket: str, package: Package, name: str, at: datetime) -> PackageVersion:
    content, digest = _content(package.name, name)
    key = artefact_key(package.name, name)
    kept = s3.put_object(bucket, key, content, checksum_value=b64encode(digest).decode(), disable_notification=True)
    kept.checksum_algorithm = "SHA256"
    place = {"bucket": bucket, "key": key, "version": kept.version_id}
    given = {"attributes": {"sha256": digest.hex()}, "artifact": {"s3Location": place}}
    return PackageVersion(package.name, name, version_arn(package, name), at, at, status="PUBLISHED", given=given)


@cache
def _content(package: str, version: str) -> tuple[bytes, bytes]:
    content = artefact(package, version)
    return content, hashlib.sha256(content).digest()
