from __future__ import annotations

from playtest.local_aws import LocalAws

EVERY_KIND = {
    "s": {"S": "text"},
    "n": {"N": "1.5"},
    "b": {"B": b"\x00\xff"},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "yes": {"BOOL": False},
    "null": {"NULL": True},
    "list": {"L": [{"S": "x"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"inner": {"M": {"n": {"N": "0"}}}, "empty": {"S": ""}}},
}


def test_every_kind_of_value_comes_back_as_it_was_written(aws: LocalAws) -> None:
    """The shorter way through moto's serialiser loses nothing, nested and empty values included."""
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}, **EVERY_KIND}
    table, dynamodb = aws.stack.resource("Table"), aws.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=row)
    key = {name: row[name] for name in ("pk", "sk")}
    assert dynamodb.get_item(TableName=table, Key=key)["Item"] == row
    assert dynamodb.scan(TableName=table)["Items"] == [row]
