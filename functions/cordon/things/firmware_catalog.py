"""The software package catalog: what a version of a package is there, and the hash of its artefact in S3."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

LARGEST_READ = 64 * 1024 * 1024
"""Bytes of an artefact that are read to hash it, where S3 keeps no SHA-256 of it: what 30 s surely are enough for."""
_PIECE = 1024 * 1024
# S3's words for an object that is not there; AccessDenied is also what it says to who may not list the bucket.
_ABSENT = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "AccessDenied", "404", "403"})


@dataclass(frozen=True)
class Artefact:
    """Where the artefact of a version lies in S3, and the hash of what lies there.

    Without a hash, `trouble` says in a sentence why there is none.
    """

    place: str
    """s3://bucket/key"""
    sha256: str | None
    trouble: str | None = None


@dataclass(frozen=True)
class PackageVersion:
    """What the catalog says of a version. `status` is DRAFT, PUBLISHED or DEPRECATED; no artefact: it names none."""

    status: str
    artefact: Artefact | None


class FirmwareCatalog:
    """Reads the catalog of this account and Region."""

    def __init__(self, iot: IoTClient, s3: S3Client) -> None:
        """Read the catalog through `iot`, and artefacts through `s3`."""
        self._iot, self._s3 = iot, s3

    def version(self, package: str, version: str) -> PackageVersion | None:
        """Return what the catalog has under these two names; None: no such version, or no such package."""
        try:
            found = self._iot.get_package_version(packageName=package, versionName=version)
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        place = found.get("artifact", {}).get("s3Location", {})
        where = (place.get("bucket", ""), place.get("key", ""), place.get("version"))
        return PackageVersion(found.get("status", "DRAFT"), self._artefact(*where) if place else None)

    def _artefact(self, bucket: str, key: str, version: str | None) -> Artefact:
        place = f"s3://{bucket}/{key}"
        which: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            found = self._s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **which)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            return Artefact(place, None, f"nothing can be read at {place} ({error.response['Error']['Code']})")
        if digest := _kept_hash(found):
            found["Body"].close()
            return Artefact(place, digest)
        return _read(place, found)


def _kept_hash(found: GetObjectOutputTypeDef) -> str | None:
    """Return the SHA-256 that S3 keeps of the whole object; of one that came in parts it may keep another thing."""
    kept = found.get("ChecksumSHA256", "")
    return b64decode(kept).hex() if kept and found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT" else None


def _read(place: str, found: GetObjectOutputTypeDef) -> Artefact:
    if found["ContentLength"] > LARGEST_READ:
        return Artefact(
            place, None, f"{place} is too large to be read here: upload it with a SHA-256 that S3 keeps (one part)"
        )
    digest = hashlib.sha256()
    for piece in found["Body"].iter_chunks(_PIECE):
        digest.update(piece)
    return Artefact(place, digest.hexdigest())
