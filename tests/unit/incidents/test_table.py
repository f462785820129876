from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.errors import RecordBusy
from cordon.incidents.table import ConditionFailed, Table, check, decode, delete, encode, key, put, update
from hypothesis import given
from hypothesis import strategies as st

from ..conftest import TABLE, Bed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e6, 1e6, width=32) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), JSON, max_size=3))
def test_json_comes_back_as_it_went_in(row: dict[str, Any]) -> None:
    """None stays None, and a number stays the number that it was."""
    assert decode(encode(row)) == row


class Stubborn:
    """A DynamoDB client whose transactions are refused as given, one after another, and then go through."""

    def __init__(self, real: Any, *refusals: dict[str, Any]) -> None:
        self._real, self._refusals, self.calls = real, list(refusals), 0
        self.exceptions = real.exceptions

    def transact_write_items(self, **arguments: Any) -> Any:
        """Refuse, or do it."""
        self.calls += 1
        if not self._refusals:
            return self._real.transact_write_items(**arguments)
        refusal = self._refusals.pop(0)
        kind = self._real.exceptions.from_code(refusal["Error"]["Code"])
        raise kind(refusal, "TransactWriteItems")


def cancelled(*codes: str) -> dict[str, Any]:
    """Return DynamoDB's answer when a transaction was cancelled for these reasons, one for each write."""
    return {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }


def refused(code: str) -> dict[str, Any]:
    """Return the answer of a call that failed as a whole."""
    return {"Error": {"Code": code, "Message": "no"}}


BUSY = [
    cancelled("None", "TransactionConflict"),
    cancelled("ThrottlingError"),
    cancelled("ProvisionedThroughputExceeded"),
    refused("ProvisionedThroughputExceededException"),
    refused("TransactionInProgressException"),
    refused("ThrottlingException"),
    refused("RequestLimitExceeded"),
    refused("InternalServerError"),
]


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, and that nobody waited for."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


@pytest.mark.parametrize("refusal", BUSY)
def test_writers_that_meet_try_again(bed: Bed, naps: list[float], refusal: dict[str, Any]) -> None:
    """A moment later it is written, and the moments are short."""
    client: Any = Stubborn(bed.client("dynamodb"), refusal, refusal)
    Table(client, TABLE).write(put({"pk": "a", "sk": "b"}))
    assert bed.table.get("a", "b") is not None
    assert len(naps) == 2
    assert all(0 <= nap <= 0.1 for nap in naps)


@pytest.mark.parametrize("refusal", BUSY)
def test_a_table_that_stays_busy_is_passing_trouble(bed: Bed, refusal: dict[str, Any]) -> None:
    """After a few tries it is the playbook's to try again."""
    client: Any = Stubborn(bed.client("dynamodb"), *[refusal] * 5)
    with pytest.raises(RecordBusy, match="the table is busy"):
        Table(client, TABLE).write(put({"pk": "a", "sk": "b"}))
    assert client.calls == 5
    assert bed.everything() == []


@pytest.mark.parametrize("refusal", [refused("AccessDeniedException"), cancelled("ValidationError")])
def test_what_does_not_pass_is_not_tried_again(bed: Bed, refusal: dict[str, Any]) -> None:
    """A refusal for good keeps AWS's own name."""
    client: Any = Stubborn(bed.client("dynamodb"), refusal)
    with pytest.raises(ClientError, match=refusal["Error"]["Code"]):
        Table(client, TABLE).write(put({"pk": "a", "sk": "b"}))
    assert client.calls == 1


def test_a_condition_that_failed_is_an_answer_also_beside_a_conflict(bed: Bed) -> None:
    """It says which of the writes said no, and is not tried again."""
    client: Any = Stubborn(bed.client("dynamodb"), cancelled("TransactionConflict", "None", "ConditionalCheckFailed"))
    with pytest.raises(ConditionFailed) as failed:
        Table(client, TABLE).write(put({"pk": "a", "sk": "b"}))
    assert (failed.value.failed, client.calls) == ((2,), 1)


def test_all_is_written_or_nothing(bed: Bed) -> None:
    """One false condition keeps every other write of the transaction back."""
    bed.table.write(put({"pk": "a", "sk": "1"}))
    with pytest.raises(ConditionFailed) as failed:
        bed.table.write(put({"pk": "a", "sk": "2"}), put({"pk": "a", "sk": "1"}), delete(key("a", "3")))
    assert failed.value.failed == (1,)
    assert [row["sk"] for row in bed.rows("a")] == ["1"]


def test_an_update_sets_counts_and_removes(bed: Bed) -> None:
    """What is set once stays as it was set first."""
    bed.table.write(put({"pk": "a", "sk": "1", "gone": 1, "count": 1}))
    for moment in ("first", "second"):
        bed.table.write(update(key("a", "1"), set_={"now": moment}, set_once={"once": moment}, add={"count": 2}))
    bed.table.write(update(key("a", "1"), remove=["gone"]))
    assert bed.table.get("a", "1") == {"pk": "a", "sk": "1", "count": 5, "now": "second", "once": "first"}


def test_a_set_grows_and_shrinks_by_its_members(bed: Bed) -> None:
    """It comes back as a list in order; the last member takes the attribute with it."""
    for member in ("b", "a", "b"):
        bed.table.write(update(key("a", "1"), add={"members": {member}}, condition="attribute_not_exists(gone)"))
    assert bed.table.get("a", "1") == {"pk": "a", "sk": "1", "members": ["a", "b"]}
    for member in ("a", "c", "b"):
        bed.table.write(update(key("a", "1"), discard={"members": {member}}))
    assert bed.table.get("a", "1") == {"pk": "a", "sk": "1"}


def test_a_page_is_the_rows_of_one_partition_and_says_whether_there_are_more(bed: Bed) -> None:
    """One call: DynamoDB stops at 1 MB, whatever is behind it."""
    for number in range(6):
        bed.table.write(put({"pk": "a", "sk": str(number), "text": "x" * 300_000}))
    bed.table.write(put({"pk": "b", "sk": "0"}))
    found, is_more = bed.table.page("a")
    assert [row["sk"] for row in found] == [str(number) for number in range(len(found))]
    assert (len(found) < 6, is_more) == (True, True)
    assert bed.table.page("b") == ([{"pk": "b", "sk": "0"}], False)


def test_a_row_that_is_not_there_is_not_updated(bed: Bed) -> None:
    """An update never makes a row that nobody put."""
    with pytest.raises(ConditionFailed):
        bed.table.write(update(key("a", "1"), set_={"x": 1}))
    with pytest.raises(ConditionFailed):
        bed.table.write(check(key("a", "1"), "attribute_exists(pk)"))
    assert bed.everything() == []


def test_rows_come_in_order_and_by_prefix(bed: Bed) -> None:
    """A partition's other rows are not touched."""
    for sk in ("B#2", "A#1", "B#1"):
        bed.table.write(put({"pk": "a", "sk": sk}))
    bed.table.write(put({"pk": "b", "sk": "B#3"}))
    assert [row["sk"] for row in bed.rows("a", "B#")] == ["B#1", "B#2"]
    assert [row["sk"] for row in bed.rows("a")] == ["A#1", "B#1", "B#2"]
