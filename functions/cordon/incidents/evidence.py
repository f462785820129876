"""The evidence bucket: written once, named by its SHA-256, and chained entry to entry through a head in the table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.exceptions import ClientError

from cordon import clock
from cordon.errors import EvidenceConflict, RecordBusy, RecordUnreadable
from cordon.incidents import rows
from cordon.incidents.record import stamp
from cordon.incidents.table import ConditionFailed, Row, Table, key, put, update
from cordon.model.base import SCHEMA_VERSION, canonical_json, sha256_hex
from cordon.model.evidence import EvidenceRef

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ATTEMPTS = 5
# What S3 answers to If-None-Match (API reference, PutObject): 412 where the key exists, 409 where another request for
# it was under way, of which nobody knows yet whether it succeeds.
_THERE_ALREADY = frozenset({"PreconditionFailed", "412"})
_MET_ANOTHER = frozenset({"ConditionalRequestConflict", "409"})
# No role may list the bucket, so S3 says AccessDenied for an object that is not there, too (API reference, GetObject).
_UNREADABLE = frozenset({"AccessDenied", "NoSuchKey"})


class Evidence:
    """What is kept to be believed later: raw alarms, capsules, proofs."""

    def __init__(self, client: S3Client, bucket: str, table: Table) -> None:
        """Keep objects in `bucket` and the heads of the chains in `table`."""
        self._s3, self._bucket, self._table = client, bucket, table

    def keep_alarm(self, source: str, alarm_id: str, raw: str) -> EvidenceRef:
        """Keep a raw alarm as it came, under its source and its own id; the same one again is the same object."""
        return self.keep(f"alarms/{quote(source, safe='')}/{quote(alarm_id, safe='')}", raw)

    def keep_for(self, incident_id: str, what: str, content: Row) -> EvidenceRef:
        """Keep `content` for an incident as `what`, and enter it into the incident's chain."""
        ref = self.keep_piece(incident_id, what, content)
        self.enter(incident_id, ref)
        return ref

    def keep_piece(self, incident_id: str, what: str, content: Row) -> EvidenceRef:
        """Keep `content` for an incident as `what`, to be entered into its chain with others."""
        body = canonical_json({"schema_version": SCHEMA_VERSION, **content})
        return self.keep(f"incidents/{incident_id}/{what}-{sha256_hex(body)[:12]}.json", body)

    def keep(self, object_key: str, body: str) -> EvidenceRef:
        """Write an object once.

        Raises:
            EvidenceConflict: there is one under this key already, with other bytes.
            RecordBusy: somebody else is writing one under this key just now.
            RecordUnreadable: there is one under this key, and we cannot read whether it is the same.
        """
        content = body.encode(errors="backslashreplace")  # half a surrogate pair has no UTF-8
        ref = EvidenceRef(key=object_key, sha256=sha256_hex(content))
        try:
            # The conditional write makes a retry harmless, and the checksum makes S3 refuse a damaged upload.
            self._s3.put_object(
                Bucket=self._bucket,
                Key=object_key,
                Body=content,
                IfNoneMatch="*",
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _MET_ANOTHER:
                raise RecordBusy(f"{object_key} is being written by somebody else") from error
            if code not in _THERE_ALREADY:
                raise
            self._same(ref)
        return ref

    def enter(self, incident_id: str, *refs: EvidenceRef) -> None:
        """Enter objects into the incident's chain, each once: an entry names the hash of the one before it.

        The entries are objects of the bucket too, so that the chain can be checked without the table; the head in the
        table is what an attacker of the bucket alone cannot change. The objects are written first: every entry of the
        chain has its object, and one that a dead step left behind is in no chain.

        Raises:
            RecordBusy: other writers were in the way each time.
        """
        for _ in range(_ATTEMPTS):
            # The head sorts before the entries and is read first: one that is behind them fails the write below.
            head, entries = self._read(incident_id)
            entered = {entry["key"] for entry in entries}
            missing = [ref for ref in refs if ref.key not in entered]
            try:
                if missing:
                    self._append(incident_id, head, missing)
            except ConditionFailed:
                continue  # another step entered something meanwhile
            return
        raise RecordBusy(f"the evidence chain of {incident_id} met other writers {_ATTEMPTS} times")

    def chain(self, incident_id: str) -> list[Row]:
        """Return the entries of the incident's chain in order: schema_version, number, key, sha256, previous, at."""
        return self._read(incident_id)[1]

    def _read(self, incident_id: str) -> tuple[Row | None, list[Row]]:
        """Return the head of the chain, None where there is no chain yet, and the entries in order."""
        found = {row["sk"]: row for row in self._table.rows(rows.of_incident(incident_id), rows.EVIDENCE_HEAD)}
        head = found.pop(rows.EVIDENCE_HEAD, None)
        return head, [
            {name: value for name, value in row.items() if name not in {"pk", "sk"}} for row in found.values()
        ]

    def _append(self, incident_id: str, head: Row | None, refs: Sequence[EvidenceRef]) -> None:
        pk, seen = rows.of_incident(incident_id), str(head["entry_sha256"]) if head else ""
        before, digest, writes = int(head["number"]) if head else 0, seen, []
        for number, ref in enumerate(refs, start=before + 1):
            facts = {"number": number, "key": ref.key, "sha256": ref.sha256, "previous": digest}
            entry = canonical_json({"schema_version": SCHEMA_VERSION, **facts, "at": stamp(clock.now())})
            digest = sha256_hex(entry)
            self.keep(f"incidents/{incident_id}/chain/{number:05d}-{digest[:12]}.json", entry)
            writes.append(put({**key(pk, f"{rows.EVIDENCE_HEAD}#{number:05d}"), **json.loads(entry)}))
        moved = {"number": before + len(refs), "entry_sha256": digest}
        head_key = key(pk, rows.EVIDENCE_HEAD)
        self._table.write(
            update(head_key, set_=moved, condition="entry_sha256 = :seen", seen=seen)
            if head
            else put({**head_key, "schema_version": SCHEMA_VERSION, **moved}),
            *writes,
        )

    def _same(self, ref: EvidenceRef) -> None:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=ref.key)["Body"].read()
        except ClientError as error:
            if (code := error.response["Error"]["Code"]) in _UNREADABLE:
                raise RecordUnreadable(f"{ref.key} was there already and cannot be read: {code}") from error
            raise
        if sha256_hex(found) != ref.sha256:
            raise EvidenceConflict(f"{ref.key} holds {sha256_hex(found)}, not {ref.sha256}")
