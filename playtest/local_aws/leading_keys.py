"""dynamodb:LeadingKeys, the condition key that narrows a role to some rows: the partition keys that a call names.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from playtest.local_aws import runtime

_EQUALITY = re.compile(r"(#?\w+)\s*=\s*(:\w+)")


def leading_keys(params: Mapping[str, Any], region: str) -> list[str]:
    """Return the partition keys that a DynamoDB call with these `params` touches; empty for any other call."""
    return [key for request in _requests(params) for key in _keys(request, region)]


def _requests(params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "TransactItems" in params:
        for item in params["TransactItems"]:
            yield from item.values()
    elif "TableName" in params:
        yield params


def _keys(request: Mapping[str, Any], region: str) -> Iterator[str]:
    partition_key = _partition_key(request, region)
    row = request.get("Key") or request.get("Item") or {}
    if partition_key in row:
        yield str(next(iter(row[partition_key].values())))
    names = request.get("ExpressionAttributeNames", {})
    for name, value in _EQUALITY.findall(request.get("KeyConditionExpression", "")):
        if names.get(name, name) == partition_key:
            yield str(next(iter(request["ExpressionAttributeValues"][value].values())))


def _partition_key(request: Mapping[str, Any], region: str) -> str:
    table = dynamodb_backends[runtime.ACCOUNT][region].tables.get(request["TableName"].rpartition("/")[2])
    if table is None:
        return ""
    index = next((index for index in table.global_indexes if index.name == request.get("IndexName")), None)
    schema = index.schema if index else table.schema
    return str(next(part["AttributeName"] for part in schema if part["KeyType"] == "HASH"))
