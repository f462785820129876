"""The response policy in force: an object of the bucket, named by a row of the table. Whatever is wrong reads as none.

The row decides: it holds the SHA-256 of the policy in force, so that an object which was written past Cordon is not
believed. Nothing here ever makes a policy wider than it is: without one, a person decides about everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from cordon import clock
from cordon.errors import CordonError
from cordon.incidents.record import stamp
from cordon.incidents.table import Row, Table, key, put
from cordon.model.base import SCHEMA_VERSION, sha256_hex
from cordon.model.response_policy import ResponsePolicy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OBJECT = "response-policy.json"
PARTITION, HEAD = "POLICY", "HEAD"
_KEPT = timedelta(seconds=30)
"""How long a policy that was read is used: a push counts everywhere after half a minute."""


@dataclass(frozen=True)
class InForce:
    """What there is to go by. `version` is the object's S3 version; `trouble` says in a sentence why there is none."""

    policy: ResponsePolicy | None
    version: str | None = None
    hash: str | None = None
    trouble: str | None = None


class Policies:
    """The response policy of the stack."""

    def __init__(self, client: S3Client, bucket: str, table: Table) -> None:
        """Keep the policy in `bucket`, and in `table` which one is in force."""
        self._s3, self._bucket, self._table = client, bucket, table
        self._read: tuple[datetime, InForce] | None = None

    def in_force(self) -> InForce:
        """Return the policy in force, read within the last half minute. Never raises: trouble is part of the answer."""
        now = clock.now()
        if self._read is None or not timedelta() <= now - self._read[0] < _KEPT:
            self._read = (now, self._found())
        return self._read[1]

    def put_in_force(self, policy: ResponsePolicy, by: str) -> InForce:
        """Put `policy` in force, for the identity `by`: the object first, then the row that names it."""
        body = policy.canonical.encode()
        version = self._s3.put_object(
            Bucket=self._bucket, Key=OBJECT, Body=body, ContentType="application/json", ChecksumAlgorithm="SHA256"
        ).get("VersionId")
        facts: Row = {"hash": policy.hash, "version_id": version, "pushed_by": by, "at": stamp(clock.now())}
        row = {**key(PARTITION, HEAD), "schema_version": SCHEMA_VERSION, **facts}
        self._table.write(put(row, condition=None))
        self._read = None
        return self.in_force()

    def _found(self) -> InForce:
        try:
            row = self._table.get(PARTITION, HEAD)
            if row is None:
                return InForce(None, trouble="no response policy was ever pushed")
            version = row.get("version_id")
            which = {"VersionId": version} if version else {}
            body = self._s3.get_object(Bucket=self._bucket, Key=OBJECT, **which)["Body"].read()
        except (ClientError, BotoCoreError, CordonError) as error:
            return InForce(None, trouble=f"the response policy cannot be read: {type(error).__name__}")
        return _parsed(body, row)


def _parsed(body: bytes, row: Row) -> InForce:
    if sha256_hex(body) != row.get("hash"):
        return InForce(None, trouble="the response policy in the bucket is not the one that was put in force")
    try:
        policy = ResponsePolicy.model_validate_json(body)
    except ValidationError as error:
        return InForce(None, trouble=f"the response policy is not one: {error.errors()[0]['msg']}")
    return InForce(policy, version=row.get("version_id"), hash=row["hash"])
