"""The known-good of each thing type in force: a signed object of the bucket, named by a row of the table.

Both must hold: the row has the object's SHA-256, and the object a signature of the stack's key. Whatever is wrong reads
as none, so that no device is ever brought back to what nobody has signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from cordon import clock
from cordon.errors import KnownGoodDowngrade, RecordBusy, StaleKnownGood
from cordon.incidents import rows
from cordon.incidents.record import stamp
from cordon.incidents.table import ConditionFailed, Row, Table, key, put
from cordon.model.base import SCHEMA_VERSION, Word, sha256_hex
from cordon.model.known_good import KnownGood, version_key
from cordon.response.known_good_signature import Notary, SignedKnownGood

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OBJECT = "known-good/{thing_type}.json"
_TRIES = 5
# What S3 answers for a version that is not there: the second where the role may not list the bucket (S3, GetObject).
_GONE = frozenset({"NoSuchVersion", "NoSuchKey", "AccessDenied"})


class Signed(Word):
    """A known-good that is in force: by which hash people know it, its object's S3 version, and who signed it."""

    thing_type: str
    hash: str
    version: str
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True)
class Held:
    """What there is to go by. Without a definition, `trouble` says in a sentence why there is none to be used."""

    definition: KnownGood | None
    signed: Signed | None = None
    trouble: str | None = None

    @property
    def hash(self) -> str | None:
        """The hash of the definition; None without one."""
        return self.signed.hash if self.signed else None


class KnownGoods:
    """The known-goods of the stack, by thing type."""

    def __init__(self, client: S3Client, bucket: str, table: Table, notary: Notary) -> None:
        """Keep them in `bucket`, in `table` which one is in force, and have them signed by `notary`."""
        self._s3, self._bucket, self._table, self._notary = client, bucket, table, notary

    def of_type(self, thing_type: str) -> Held:
        """Return what is in force for the type, its hash and its signature verified.

        Raises:
            ClientError: passing trouble of AWS; it must not look as if there was none.
        """
        return self._held(thing_type, self._table.get(rows.of_known_good(thing_type), rows.KNOWN_GOOD_HEAD))

    def sign(self, definition: KnownGood, *, by: str, base: str | None) -> Signed:
        """Sign the definition for the identity `by`, and put it in force for its type; said again, it is so already.

        `base` is the hash of the known-good that `by` has seen in force; None: he saw none. The object is written
        first, then the row that names it: who dies between them has changed nothing.

        Raises:
            StaleKnownGood: another one is in force than the one that was seen.
            KnownGoodDowngrade: a higher version of its package was signed before.
            RecordBusy: others signed something each time; nothing of this counts.
        """
        for _ in range(_TRIES):
            row = self._table.get(rows.of_known_good(definition.thing_type), rows.KNOWN_GOOD_HEAD)
            held = self._held(definition.thing_type, row)
            if held.signed and held.hash == definition.hash:
                return held.signed
            _require_seen(held, base)
            versions = _versions_with(definition, row)
            try:
                return self._put_in_force(definition, row, versions, by)
            except ConditionFailed:
                continue  # somebody else has signed meanwhile: what is in force now is compared anew
        raise RecordBusy(f"others signed a known-good {_TRIES} times meanwhile")

    def _put_in_force(self, definition: KnownGood, row: Row | None, versions: dict[str, str], by: str) -> Signed:
        thing_type, now = definition.thing_type, clock.now()
        body = self._notary.signed(definition, by=by, at=now).canonical.encode()
        version = self._keep(thing_type, body)
        facts: Row = {"hash": definition.hash, "version_id": version, "object_hash": sha256_hex(body)}
        facts |= {"signed_by": by, "at": stamp(now), "versions": versions, "schema_version": SCHEMA_VERSION}
        condition, values = (
            ("#object_hash = :seen", {"seen": row["object_hash"]}) if row else ("attribute_not_exists(pk)", {})
        )
        pk = rows.of_known_good(thing_type)
        self._table.write(
            put({**key(pk, rows.KNOWN_GOOD_HEAD), **facts}, condition=condition, **values),
            put({**key(pk, f"{rows.SIGNINGS}{stamp(now)}#{definition.hash[:12]}"), **facts}, condition=None),
        )
        return Signed(thing_type=thing_type, hash=definition.hash, version=version, signed_by=by, signed_at=now)

    def _keep(self, thing_type: str, body: bytes) -> str:
        """Write the object of a known-good, before any row names it, and return its S3 version."""
        return self._s3.put_object(
            Bucket=self._bucket,
            Key=OBJECT.format(thing_type=thing_type),
            Body=body,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",  # S3 refuses a damaged upload
        )["VersionId"]

    def _held(self, thing_type: str, row: Row | None) -> Held:
        if row is None:
            return Held(None, trouble=f"no known-good was ever signed for things of type {thing_type}")
        try:
            name = OBJECT.format(thing_type=thing_type)
            body = self._s3.get_object(Bucket=self._bucket, Key=name, VersionId=row["version_id"])["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return _unusable(thing_type, f"cannot be read: {error.response['Error']['Code']}")
        return self._judged(thing_type, row, body)

    def _judged(self, thing_type: str, row: Row, body: bytes) -> Held:
        if sha256_hex(body) != row.get("object_hash"):
            return _unusable(thing_type, "is not the object that was put in force")
        try:
            kept = SignedKnownGood.parsed(body)
            definition = KnownGood.parsed(kept.text)
        except ValidationError as error:
            return _unusable(thing_type, f"is not one: {error.errors()[0]['msg']}")
        if definition.thing_type != thing_type:
            return _unusable(thing_type, f"is about things of type {definition.thing_type}")
        if trouble := self._notary.trouble_with(kept):
            return _unusable(thing_type, f"does not count: {trouble}")
        told = {"hash": sha256_hex(kept.text), "signed_by": kept.signed_by, "signed_at": kept.signed_at}
        signed = Signed.model_validate({"thing_type": thing_type, "version": row["version_id"], **told})
        return Held(definition, signed)


def _unusable(thing_type: str, why: str) -> Held:
    return Held(None, trouble=f"the known-good of type {thing_type} {why}")


def _require_seen(held: Held, base: str | None) -> None:
    if base != held.hash:
        raise StaleKnownGood(
            f"another known-good is in force ({_short(held.hash)}) than the one that this was compared with "
            f"({_short(base)}): look at the difference again"
        )


def _versions_with(definition: KnownGood, row: Row | None) -> dict[str, str]:
    """Return the version last signed of every package, of this one too.

    Not only that of the known-good in force: naming no firmware, or another package, for a moment opens no way back.
    """
    versions: dict[str, str] = dict(row["versions"]) if row else {}
    if wanted := definition.firmware:
        before = versions.get(wanted.package)
        if before and version_key(wanted.version) < version_key(before):
            raise KnownGoodDowngrade(
                f"definition.firmware.version: found {wanted.version}, expected {before} or higher: "
                f"that version of {wanted.package} was signed for {definition.thing_type} before",
                field="definition.firmware.version",
            )
        versions[wanted.package] = wanted.version
    return versions


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "none"
