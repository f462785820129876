from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.things import firmware_catalog
from cordon.things.firmware_catalog import FirmwareCatalog, PackageVersion

from tests.unit.conftest import REGION, Bed

BUCKET, CONTENT = "firmware", b"firmware of a pump"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Reading:
    """S3 that notes whether an artefact's content was read, and may fail."""

    def __init__(self, real: Any, error: str | None = None) -> None:
        self.real, self.error, self.was_read = real, error, False

    def get_object(self, **asked: Any) -> Any:
        """Answer as S3 does, with a body that tells."""
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "GetObject")
        answer = self.real.get_object(**asked)
        chunks = answer["Body"].iter_chunks

        def iter_chunks(size: int) -> Any:
            self.was_read = True
            return chunks(size)

        answer["Body"].iter_chunks = iter_chunks
        return answer


class Catalog:
    """A catalog with a package in it, and a versioned bucket."""

    def __init__(self, bed: Bed) -> None:
        self.iot, self.s3 = bed.iot, bed.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.iot.create_package(packageName="fw")

    def put(self, content: bytes = CONTENT, **more: Any) -> dict[str, str]:
        """Put an artefact into the bucket, and return where it lies."""
        put = self.s3.put_object(Bucket=BUCKET, Key="fw.bin", Body=content, **more)
        return {"bucket": BUCKET, "key": "fw.bin", "version": put["VersionId"]}

    def version(self, place: dict[str, str] | None) -> None:
        """Make version 1 with its artefact there."""
        named: Any = {"artifact": {"s3Location": place}} if place else {}
        self.iot.create_package_version(packageName="fw", versionName="1", **named)

    def read(self, s3: Any = None) -> PackageVersion | None:
        """What is read of version 1."""
        return FirmwareCatalog(self.iot, s3 or self.s3).version("fw", "1")


@pytest.fixture
def catalog(bed: Bed) -> Catalog:
    """A package without versions."""
    return Catalog(bed)


def test_the_hash_is_of_the_very_version_that_the_catalog_names(catalog: Catalog) -> None:
    """What was put over it since is another artefact."""
    place = catalog.put()
    catalog.put(b"something else")
    catalog.version(place)
    read = catalog.read()
    assert read is not None
    assert read.artefact is not None
    assert (read.status, read.artefact.place, read.artefact.sha256) == ("DRAFT", "s3://firmware/fw.bin", SHA256)


def test_without_a_version_it_is_of_what_lies_there_now(catalog: Catalog) -> None:
    """The catalog may name an object and no version of it."""
    place = catalog.put(b"first")
    del place["version"]
    catalog.put()
    catalog.version(place)
    read = catalog.read()
    assert read is not None
    assert read.artefact is not None
    assert read.artefact.sha256 == SHA256


def test_a_hash_that_s3_keeps_is_taken_without_reading(catalog: Catalog) -> None:
    """An artefact may be large, and a function has half a minute."""
    catalog.version(catalog.put(ChecksumAlgorithm="SHA256"))
    s3 = Reading(catalog.s3)
    read = catalog.read(s3)
    assert read is not None
    assert read.artefact is not None
    assert (read.artefact.sha256, s3.was_read) == (SHA256, False)


def test_what_s3_keeps_of_parts_is_not_the_hash(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an upload in parts S3 may keep a hash of their hashes: then the artefact itself is read."""
    catalog.version(catalog.put())
    real = catalog.s3.get_object

    def of_parts(**asked: Any) -> Any:
        return {**real(**asked), "ChecksumSHA256": "AAAA", "ChecksumType": "COMPOSITE"}

    monkeypatch.setattr(catalog.s3, "get_object", of_parts)
    read = catalog.read()
    assert read is not None
    assert read.artefact is not None
    assert read.artefact.sha256 == SHA256


def test_what_is_too_large_to_be_read_has_no_hash(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is told what to do about it, and nothing is read."""
    monkeypatch.setattr(firmware_catalog, "LARGEST_READ", len(CONTENT) - 1)
    catalog.version(catalog.put())
    s3 = Reading(catalog.s3)
    read = catalog.read(s3)
    assert read is not None
    assert read.artefact is not None
    assert (read.artefact.sha256, s3.was_read) == (None, False)
    assert "upload it with a SHA-256 that S3 keeps" in str(read.artefact.trouble)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket", "NoSuchVersion", "AccessDenied"])
def test_an_artefact_that_is_not_there_has_no_hash(catalog: Catalog, code: str) -> None:
    """AccessDenied is S3's word for it too, where one may not list the bucket."""
    catalog.version(catalog.put())
    read = catalog.read(Reading(catalog.s3, code))
    assert read is not None
    assert read.artefact is not None
    assert read.artefact.sha256 is None
    assert read.artefact.trouble == f"nothing can be read at s3://firmware/fw.bin ({code})"


def test_passing_trouble_says_nothing_of_the_artefact(catalog: Catalog) -> None:
    """It is raised, and asked about again later."""
    catalog.version(catalog.put())
    with pytest.raises(ClientError, match="SlowDown"):
        catalog.read(Reading(catalog.s3, "SlowDown"))


def test_a_version_may_have_no_artefact(catalog: Catalog) -> None:
    """The catalog asks for none."""
    catalog.version(None)
    read = catalog.read()
    assert read is not None
    assert read.artefact is None


@pytest.mark.parametrize(("package", "version"), [("fw", "2"), ("other", "1")])
def test_what_the_catalog_does_not_have_is_none(catalog: Catalog, package: str, version: str) -> None:
    """Neither a version nor a package of another name."""
    catalog.version(None)
    assert FirmwareCatalog(catalog.iot, catalog.s3).version(package, version) is None
