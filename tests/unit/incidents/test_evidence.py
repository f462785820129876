from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.errors import EvidenceConflict, RecordBusy, RecordUnreadable
from cordon.incidents import rows
from cordon.incidents.evidence import Evidence
from cordon.model.base import canonical_json, sha256_hex
from cordon.model.evidence import EvidenceRef

from ..conftest import BUCKET, Bed

ID = "inc-20261102-0123456789"


class DyingS3:
    """An S3 client that stops the process before its n-th put; everything else is the real one's."""

    def __init__(self, real: Any, *, dies_before_put: int) -> None:
        self._real, self._left = real, dies_before_put

    def __getattr__(self, name: str) -> Any:
        """Hand on what is not counted."""
        return getattr(self._real, name)

    def put_object(self, **arguments: Any) -> Any:
        """Put, or die."""
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return self._real.put_object(**arguments)


class RefusingS3:
    """An S3 client whose one operation is answered with an error; everything else is the real one's."""

    def __init__(self, real: Any, operation: str, code: str) -> None:
        self._real, self._operation, self._code = real, operation, code

    def __getattr__(self, name: str) -> Any:
        """Hand on every operation but the one."""
        return self._refuse if name == self._operation else getattr(self._real, name)

    def _refuse(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": self._code, "Message": "refused"}}, self._operation)


def refusing(bed: Bed, operation: str, code: str) -> Evidence:
    """Return the evidence over a bucket that answers one operation with an error."""
    client: Any = RefusingS3(bed.client("s3"), operation, code)
    return Evidence(client, BUCKET, bed.table)


def body(bed: Bed, key: str) -> bytes:
    """Return what the bucket holds under a key."""
    found: bytes = bed.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return found


def keys(bed: Bed) -> list[str]:
    """Return all keys of the bucket."""
    return [one["Key"] for one in bed.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def entry_key(entry: dict[str, Any], incident_id: str = ID) -> str:
    """Return the key of an entry's own object: its number, and the beginning of its hash."""
    return f"incidents/{incident_id}/chain/{entry['number']:05d}-{sha256_hex(canonical_json(entry))[:12]}.json"


def check_chain(bed: Bed, incident_id: str = ID) -> list[str]:
    """Check the chain from its first entry to the head as an auditor would; return the keys that it names."""
    chain = bed.evidence.chain(incident_id)
    previous = ""
    for number, entry in enumerate(chain, start=1):
        assert (entry["number"], entry["previous"]) == (number, previous)
        assert sha256_hex(body(bed, entry["key"])) == entry["sha256"]
        kept = body(bed, entry_key(entry, incident_id))
        assert json.loads(kept) == entry
        previous = sha256_hex(kept)
    head = bed.table.get(rows.of_incident(incident_id), rows.EVIDENCE_HEAD)
    assert head is not None
    assert (head["number"], head["entry_sha256"]) == (len(chain), previous)
    return [entry["key"] for entry in chain]


def test_every_entry_names_the_hash_of_the_one_before(bed: Bed) -> None:
    """The chain holds from the first entry to the head, in the table and in the bucket."""
    refs = [bed.evidence.keep_for(ID, what, {"n": n}) for n, what in enumerate(["capsule", "plan", "proof"])]
    assert check_chain(bed) == [ref.key for ref in refs]
    assert [json.loads(body(bed, ref.key)) for ref in refs] == [{"schema_version": 1, "n": n} for n in range(3)]


def test_the_same_object_is_entered_once(bed: Bed) -> None:
    """A step that is run again keeps nothing twice."""
    first = bed.evidence.keep_for(ID, "plan", {"a": 1, "b": 2})
    before = (bed.everything(), keys(bed))
    bed.clock.advance(seconds=5)
    assert bed.evidence.keep_for(ID, "plan", {"b": 2, "a": 1}) == first
    assert (bed.everything(), keys(bed)) == before


@pytest.mark.parametrize("put", [1, 2, 3, 4])
def test_a_step_that_dies_between_two_writes_leaves_a_chain_that_its_next_run_completes(bed: Bed, put: int) -> None:
    """Before the object, between it and the entry's object, and the same for the second entry."""
    client: Any = DyingS3(bed.client("s3"), dies_before_put=put)
    dying = Evidence(client, BUCKET, bed.table)

    def work(evidence: Evidence) -> list[str]:
        return [evidence.keep_for(ID, what, {"what": what}).key for what in ("capsule", "plan")]

    with pytest.raises(KeyboardInterrupt):
        work(dying)
    bed.clock.advance(seconds=30)
    assert check_chain_after(bed, work) == work(bed.evidence)


def check_chain_after(bed: Bed, work: Any) -> list[str]:
    """Run the work again, then check the chain."""
    work(bed.evidence)
    return check_chain(bed)


def test_other_bytes_under_the_same_key_are_a_conflict(bed: Bed) -> None:
    """Evidence is never overwritten: the error names both hashes, and the first bytes stay."""
    bed.evidence.keep_alarm("detect", "a1", "one")
    with pytest.raises(EvidenceConflict, match=f"{sha256_hex('one')}, not {sha256_hex('two')}"):
        bed.evidence.keep_alarm("detect", "a1", "two")
    assert body(bed, "alarms/detect/a1") == b"one"
    assert bed.evidence.keep_alarm("detect", "a1", "one") == EvidenceRef(
        key="alarms/detect/a1", sha256=sha256_hex("one")
    )


@pytest.mark.parametrize("alarm_id", ["../../incidents/x", "a/b", "a b?c#d", "."])
def test_an_alarm_id_from_outside_stays_in_its_folder(bed: Bed, alarm_id: str) -> None:
    """A slash in an id makes no other key."""
    key = bed.evidence.keep_alarm("detect", alarm_id, "{}").key
    assert key.startswith("alarms/detect/")
    assert key.count("/") == 2


def test_text_that_is_no_unicode_is_kept_all_the_same(bed: Bed) -> None:
    """Half a surrogate pair has no UTF-8; the reference is of the bytes that were kept."""
    ref = bed.evidence.keep_alarm("detect", "a1", 'x\ud800"')
    assert sha256_hex(body(bed, ref.key)) == ref.sha256


def test_entries_that_race_all_find_a_place(bed: Bed) -> None:
    """The head moves by one entry at a time, whoever comes; each is in the chain once."""

    def enter(number: int) -> str:
        for _ in range(20):
            try:
                return bed.evidence.keep_for(ID, f"look-{number}", {"n": number}).key
            except RecordBusy:
                continue
        raise AssertionError("busy twenty times")

    with ThreadPoolExecutor(4) as pool:
        entered = list(pool.map(enter, range(8)))
    assert sorted(check_chain(bed)) == sorted(entered)


def test_a_refusal_of_the_bucket_is_not_taken_for_there_already(bed: Bed) -> None:
    """Only AWS's word that the key exists means that the bytes may be compared."""
    nowhere = Evidence(bed.client("s3"), "no-such-bucket", bed.table)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        nowhere.keep("a", "b")


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "409"])
def test_a_write_that_meets_another_is_tried_again(bed: Bed, code: str) -> None:
    """S3 does not know yet whether the other one succeeds, so that nothing is there to be taken for ours."""
    with pytest.raises(RecordBusy, match="incidents/a is being written"):
        refusing(bed, "put_object", code).keep("incidents/a", "x")
    assert keys(bed) == []
    bed.evidence.keep("incidents/a", "x")
    assert body(bed, "incidents/a") == b"x"


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey"])
def test_an_object_that_is_there_and_cannot_be_compared_is_a_persons(bed: Bed, code: str) -> None:
    """Also one that went between the two calls: who may not list a bucket is not told so, but that access is denied."""
    bed.evidence.keep("incidents/a", "x")
    with pytest.raises(RecordUnreadable, match=f"incidents/a was there already and cannot be read: {code}"):
        refusing(bed, "get_object", code).keep("incidents/a", "x")


def test_a_passing_failure_of_a_read_stays_one(bed: Bed) -> None:
    """The step's decorator makes `Throttled` of it."""
    bed.evidence.keep("incidents/a", "x")
    with pytest.raises(ClientError, match="SlowDown"):
        refusing(bed, "get_object", "SlowDown").keep("incidents/a", "x")


def test_an_entry_is_the_same_bytes_however_it_is_read(bed: Bed) -> None:
    """What went through DynamoDB has one spelling only, so that its hash can be made again."""
    bed.evidence.keep_for(ID, "plan", {"deep": [1, 2.5, None, "é"]})
    (entry,) = bed.evidence.chain(ID)
    assert canonical_json(entry).encode() == body(bed, entry_key(entry))
