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
from cordon.errors import CordonError, RecordBusy
from cordon.incidents import rows
from cordon.incidents.table import ConditionFailed, Row, Table
from cordon.model.base import sha256_hex
from cordon.model.response_policy import ResponsePolicy
from cordon.response.policy_push import Head, Proposal, Push, Pushed, Tell, proposal_in, push_once

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OBJECT = "response-policy.json"
PROPOSED = "proposals/{hash}.json"
_KEPT = timedelta(seconds=30)
"""How long a policy that was read is used: a push counts everywhere after half a minute."""
_TRIES = 5
# What S3 answers for a version that is not there: the second where the role may not list the bucket (S3, GetObject).
_GONE = frozenset({"NoSuchVersion", "NoSuchKey", "AccessDenied"})


@dataclass(frozen=True)
class InForce:
    """What there is to go by. `version` is the object's S3 version; `trouble` says in a sentence why there is none.

    `is_unreadable`: one is in force, or may be, and what it says is not known. None was ever pushed otherwise.
    """

    policy: ResponsePolicy | None
    version: str | None = None
    hash: str | None = None
    trouble: str | None = None
    is_unreadable: bool = False


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

    def in_force_now(self) -> InForce:
        """Return the policy in force as it is this moment, for whoever wants to change it; otherwise as `in_force`."""
        self._read = None
        return self.in_force()

    def proposal(self) -> Proposal | None:
        """Return the push that waits for a second person, whether its time has run out or not.

        Raises:
            RecordUnreadable: the row is not one.
        """
        return proposal_in(self._table.get(rows.POLICY, rows.PROPOSAL))

    def push(self, policy: ResponsePolicy, *, by: str, base: str | None, tell: Tell) -> Pushed:
        """Put `policy` in force for the identity `by`, or propose it, where it loosens anything.

        `base` is the hash of the policy that `by` has seen in force; None: he saw none. What is in force already is
        pushed by whoever pushes it again. A proposal comes into force when a second identity pushes the very same
        policy within a day, against the same policy in force. Died anywhere, it may be pushed again. `tell` pages
        people of what is about to be proposed or in force; beaten by another push, it has told of one that never was.

        Raises:
            StalePolicy: another policy is in force than the one that was seen.
            SameIdentity: a second person must push it, and this one is the first.
            RecordBusy: others pushed something each time; nothing of this push counts.
        """
        push = Push(policy, by, base, self._table, self._keep, tell)
        for _ in range(_TRIES):
            head = self._head()
            try:
                return push_once(push, head)
            except ConditionFailed:
                continue  # somebody else has pushed meanwhile: what is in force now is compared anew
            finally:
                self._read = None
        raise RecordBusy(f"others pushed a policy {_TRIES} times meanwhile")

    def _keep(self, policy: ResponsePolicy, *, proposed: bool) -> str | None:
        """Write the object of a policy, before any row names it, and return its S3 version."""
        return self._s3.put_object(
            Bucket=self._bucket,
            Key=PROPOSED.format(hash=policy.hash) if proposed else OBJECT,
            Body=policy.canonical.encode(),
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",  # S3 refuses a damaged upload
        ).get("VersionId")

    def _head(self) -> Head:
        """Return what is in force just now. Passing trouble is raised: it must not look as if there was no policy."""
        row = self._table.get(rows.POLICY, rows.POLICY_HEAD)
        if row is None:
            return Head(None, None, None)
        try:
            found = _parsed(self._object(row), row)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            found = _unreadable(error)
        return Head(row, found.policy, found.trouble)

    def _object(self, row: Row) -> bytes:
        version = row.get("version_id")
        which = {"VersionId": version} if version else {}
        return self._s3.get_object(Bucket=self._bucket, Key=OBJECT, **which)["Body"].read()

    def _found(self) -> InForce:
        try:
            row = self._table.get(rows.POLICY, rows.POLICY_HEAD)
            if row is None:
                return InForce(None, trouble="no response policy was ever pushed")
            return _parsed(self._object(row), row)
        except (ClientError, BotoCoreError, CordonError) as error:
            return _unreadable(error)


def _unreadable(error: Exception) -> InForce:
    return _unusable(f"the response policy cannot be read: {type(error).__name__}")


def _unusable(trouble: str) -> InForce:
    return InForce(None, trouble=trouble, is_unreadable=True)


def _parsed(body: bytes, row: Row) -> InForce:
    if sha256_hex(body) != row.get("hash"):
        return _unusable("the response policy in the bucket is not the one that was put in force")
    try:
        policy = ResponsePolicy.parsed(body)
    except ValidationError as error:
        return _unusable(f"the response policy is not one: {error.errors()[0]['msg']}")
    return InForce(policy, version=row.get("version_id"), hash=row["hash"])
