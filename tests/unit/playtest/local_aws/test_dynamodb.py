"""The lighter ways through moto's DynamoDB: a transaction still takes everything back, a query finds the same rows."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from playtest.local_aws import table_reads, transactions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PUT_OVER: Any = {"Put": {"TableName": "t", "Item": {"pk": {"S": "a"}, "sk": {"S": "1"}, "v": {"N": "9"}}}}
UPDATE: Any = {
    "Update": {
        "TableName": "t",
        "Key": {"pk": {"S": "b"}, "sk": {"S": "1"}},
        "UpdateExpression": "SET v = :nine",
        "ExpressionAttributeValues": {":nine": {"N": "9"}},
    }
}
NEW: Any = {"Put": {"TableName": "t", "Item": {"pk": {"S": "new"}, "sk": {"S": "1"}}}}
REFUSED: Any = {
    "ConditionCheck": {
        "TableName": "t",
        "Key": {"pk": {"S": "c"}, "sk": {"S": "1"}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
}


@pytest.fixture
def table() -> Iterator[DynamoDBClient]:
    """A table with the rows a, b and c, each with v = 1."""
    transactions.install()
    table_reads.install()
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "due", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        for name in "abc":
            client.put_item(TableName="t", Item={"pk": {"S": name}, "sk": {"S": "1"}, "v": {"N": "1"}})
        yield client


def rows(client: DynamoDBClient) -> dict[str, str]:
    """What v is in every row."""
    return {item["pk"]["S"]: item["v"]["N"] for item in client.scan(TableName="t")["Items"]}


def test_a_refused_transaction_leaves_every_row_as_it_was(table: DynamoDBClient) -> None:
    """A row put over, one updated in place and one made: none of it stays when a later condition is false."""
    with pytest.raises(table.exceptions.TransactionCanceledException):
        table.transact_write_items(TransactItems=[PUT_OVER, UPDATE, NEW, REFUSED])
    assert rows(table) == {"a": "1", "b": "1", "c": "1"}


def test_an_accepted_transaction_stays(table: DynamoDBClient) -> None:
    """Without a false condition every write is there."""
    table.transact_write_items(TransactItems=[PUT_OVER, UPDATE])
    assert rows(table) == {"a": "9", "b": "9", "c": "1"}


def test_rows_that_a_transaction_does_not_name_are_not_copied(table: DynamoDBClient) -> None:
    """This is what the mend is for; it fails when moto makes its backup in another way."""
    backend = dynamodb_backends["123456789012"]["eu-west-1"]
    before = {str(key): held for key, held in backend.tables["t"].items.items()}
    with pytest.raises(table.exceptions.TransactionCanceledException):
        table.transact_write_items(TransactItems=[UPDATE, REFUSED])
    after = {str(key): held for key, held in backend.tables["t"].items.items()}
    shared = [key for key in before if next(iter(before[key].values())) is next(iter(after[key].values()))]
    assert len(shared) == 1, "a is shared; b and c, which the transaction names, are copies"


def keep(client: DynamoDBClient, sort_key: str, due: str) -> None:
    """Put a row of the partition q in."""
    client.put_item(TableName="t", Item={"pk": {"S": "q"}, "sk": {"S": sort_key}, "due": {"S": due}})


def found(client: DynamoDBClient, **more: Any) -> list[str]:
    """The sort keys of the partition q, as a query answers them, page by page."""
    pages = client.get_paginator("query").paginate(
        TableName="t",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "q"}},
        **more,
    )
    return [item["sk"]["S"] for page in pages for item in page["Items"]]


def test_no_copy_of_the_table_or_its_rows_is_kept(table: DynamoDBClient) -> None:
    """moto lists every instance of its models for ever: ten thousand transactions would keep as many tables."""
    held: list[weakref.ref[Any]] = []
    copied = transactions._backup_of

    def backup_of(original: Any) -> Any:
        clone = copied(original)
        live = {id(row) for row in rows_of(original)}
        held.extend(map(weakref.ref, [clone, *(row for row in rows_of(clone) if id(row) not in live)]))
        return clone

    def rows_of(some: Any) -> list[Any]:
        return [row for partition in some.items.values() for row in partition.values()]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transactions, "_backup_of", backup_of)
        table.transact_write_items(TransactItems=[UPDATE])
    gc.collect()
    assert [copy() for copy in held] == [None, None], "the table and one row"


def test_a_query_finds_its_partition_in_order(table: DynamoDBClient) -> None:
    """By the sort key forwards and backwards, by the index, in pages of one, and nothing where there is no row."""
    for sort_key, due in (("2", "1"), ("3", "0"), ("1", "2")):
        keep(table, sort_key, due)
    assert found(table) == found(table, PaginationConfig={"PageSize": 1}) == ["1", "2", "3"]
    assert found(table, ScanIndexForward=False) == ["3", "2", "1"]
    assert found(table, IndexName="due") == ["3", "2", "1"]
    table.delete_item(TableName="t", Key={"pk": {"S": "q"}, "sk": {"S": "2"}})
    assert found(table) == ["1", "3"]


def test_a_scan_finds_every_row_once_and_in_order(table: DynamoDBClient) -> None:
    """Page by page, whatever the size of a page, and by an index too."""
    for sort_key, due in (("2", "1"), ("3", "0"), ("1", "2")):
        keep(table, sort_key, due)
    every = [("a", "1"), ("b", "1"), ("c", "1"), ("q", "1"), ("q", "2"), ("q", "3")]
    for size in (1, 2, 4, 100):
        pages = table.get_paginator("scan").paginate(TableName="t", PaginationConfig={"PageSize": size})
        assert [(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]] == every
    by_index = table.get_paginator("scan").paginate(TableName="t", IndexName="due", PaginationConfig={"PageSize": 2})
    assert sorted(item["due"]["S"] for page in by_index for item in page["Items"]) == ["0", "1", "2"]


def test_a_page_of_a_scan_looks_at_no_page_before(table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """This is what the mend is for; it fails when moto reads a table in another way."""
    looked: list[Any] = []
    compare = Table._item_comes_before_dct

    def comes_before(table: Any, row: Any, *more: Any) -> Any:
        looked.append(row)
        return compare(table, row, *more)

    monkeypatch.setattr(Table, "_item_comes_before_dct", comes_before)
    pages = table.get_paginator("scan").paginate(TableName="t", PaginationConfig={"PageSize": 1})
    assert len([page for page in pages if page["Items"]]) == 3
    assert len(looked) <= 3


def test_a_query_looks_at_no_other_partition(table: DynamoDBClient) -> None:
    """This is what the mend is for; it fails when moto finds its rows in another way."""
    keep(table, "1", "1")
    for name, partition in dynamodb_backends["123456789012"]["eu-west-1"].tables["t"].items.items():
        if name.value != "q":
            partition.clear()
            partition["not a row"] = None
    assert found(table) == ["1"]
