"""The incidents table: rows as JSON, every write that matters conditional, AWS's errors under our names."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from cordon.errors import RecordBusy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Row = dict[str, Any]
_TRIES = 5
_LONGEST_PAUSE = 0.1  # seconds
_BUSY = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "ThrottlingError",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
    }
)
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class ConditionFailed(Exception):
    """A conditional write found the condition false. `failed` holds the places in the transaction that said no."""

    def __init__(self, failed: Sequence[int]) -> None:
        """Remember which writes (0 for the first) failed their condition."""
        super().__init__(f"condition failed in write {list(failed)}")
        self.failed = tuple(failed)


def _to_dynamo(value: Any) -> Any:
    """Make `value` what the serializer takes: floats become decimals, and None stays NULL."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {key: _to_dynamo(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_dynamo(inner) for inner in value]
    return value


def _from_dynamo(value: Any) -> Any:
    """Undo `_to_dynamo`: whole decimals become int, others float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: _from_dynamo(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_from_dynamo(inner) for inner in value]
    return sorted(value) if isinstance(value, set) else value


def encode(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return `row` as DynamoDB attribute values."""
    return {name: _serialize(_to_dynamo(value)) for name, value in row.items()}


def decode(item: Mapping[str, Any]) -> Row:
    """Return a DynamoDB item as plain JSON; a set of texts is a list, in order."""
    return {name: _from_dynamo(_deserialize(value)) for name, value in item.items()}


def key(pk: str, sk: str) -> dict[str, str]:
    """Return the primary key of a row."""
    return {"pk": pk, "sk": sk}


class Write:
    """One conditional write of a transaction. Make it with `put`, `update`, `delete` or `check`."""

    def __init__(self, kind: str, body: dict[str, Any]) -> None:
        """Hold one member of TransactItems: `kind` is Put, Update, Delete or ConditionCheck."""
        self.kind, self.body = kind, body


def _named_in(condition: str) -> dict[str, str]:
    """Return the `#name` places of a condition with what they stand for: the name itself."""
    return {place: place[1:] for place in re.findall(r"#\w+", condition)}


def _conditional(condition: str | None, values: Mapping[str, Any]) -> Row:
    """Return the request's part for a condition, with its `#name` and `:value` places filled."""
    body: Row = {"ConditionExpression": condition} if condition else {}
    if names := _named_in(condition or ""):
        body["ExpressionAttributeNames"] = names
    if values:
        body["ExpressionAttributeValues"] = encode({f":{name}": value for name, value in values.items()})
    return body


def put(row: Mapping[str, Any], *, condition: str | None = "attribute_not_exists(pk)", **values: Any) -> Write:
    """Write a row; by default only where there is none. `values` fill the condition's `:name` places."""
    return Write("Put", {"Item": encode(row), **_conditional(condition, values)})


def delete(row_key: Mapping[str, str], *, condition: str | None = None, **values: Any) -> Write:
    """Delete a row where `condition` holds."""
    return Write("Delete", {"Key": encode(row_key), **_conditional(condition, values)})


def check(row_key: Mapping[str, str], condition: str, **values: Any) -> Write:
    """Let the transaction fail where `condition` does not hold for that row."""
    return Write("ConditionCheck", {"Key": encode(row_key), **_conditional(condition, values)})


def update(  # noqa: PLR0913 - one for each clause of an update expression
    row_key: Mapping[str, str],
    *,
    set_: Mapping[str, Any] | None = None,
    set_once: Mapping[str, Any] | None = None,
    remove: Sequence[str] = (),
    add: Mapping[str, int | set[str]] | None = None,
    discard: Mapping[str, set[str]] | None = None,
    condition: str = "attribute_exists(pk)",
    **values: Any,
) -> Write:
    """Set, remove and count up attributes of a row where `condition` holds. `set_once` leaves alone what is there.

    `add` also adds members to a set, and `discard` takes them out; a set without members is no attribute any more.
    """
    assigned = {**(set_ or {}), **(set_once or {})}
    setters = [f"#{name} = :set_{name}" for name in set_ or {}]
    setters += [f"#{name} = if_not_exists(#{name}, :set_{name})" for name in set_once or {}]
    clauses = {
        "SET": setters,
        "REMOVE": [f"#{name}" for name in remove],
        "ADD": [f"#{name} :add_{name}" for name in add or {}],
        "DELETE": [f"#{name} :discard_{name}" for name in discard or {}],
    }
    expression = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)
    filled = {
        **values,
        **{f"set_{k}": v for k, v in assigned.items()},
        **{f"add_{k}": v for k, v in (add or {}).items()},
        **{f"discard_{k}": v for k, v in (discard or {}).items()},
    }
    body = {"Key": encode(row_key), "UpdateExpression": expression, **_conditional(condition, filled)}
    return Write("Update", body | {"ExpressionAttributeNames": _named_in(f"{condition} {expression}")})


class Table:
    """The one table of Cordon. Reads are strongly consistent unless they go through an index."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Use the table `name` through `client`."""
        self._client, self._name = client, name

    def get(self, pk: str, sk: str) -> Row | None:
        """Return the row, or None."""
        found = self._client.get_item(TableName=self._name, Key=encode(key(pk, sk)), ConsistentRead=True)
        return decode(found["Item"]) if "Item" in found else None

    def rows(self, pk: str, prefix: str = "") -> Iterator[Row]:
        """Yield the rows of `pk` whose sort key begins with `prefix`, in order, all pages."""
        condition = "pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk"
        values = {":pk": pk} | ({":prefix": prefix} if prefix else {})
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=encode(values),
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(decode, page["Items"])

    def page(self, pk: str) -> tuple[list[Row], bool]:
        """Return the first rows of `pk`, as many as one call reads (1 MB), and whether there are more of them."""
        found = self._client.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=encode({":pk": pk}),
            ConsistentRead=True,
        )
        return list(map(decode, found["Items"])), "LastEvaluatedKey" in found

    def newest(self, pk: str, first: str, last: str, *, limit: int) -> list[Row]:
        """Return the last `limit` rows of `pk` whose sort keys lie between these two, the last one first."""
        found = self._client.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=encode({":pk": pk, ":first": first, ":last": last}),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=limit,
        )
        return list(map(decode, found["Items"]))

    def due(self, kind: str, until: str) -> Iterator[Row]:
        """Yield the rows of the index `due` of that kind whose `due_at` is not after `until`, oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName="due",
            KeyConditionExpression="due_kind = :kind AND due_at <= :until",
            ExpressionAttributeValues=encode({":kind": kind, ":until": until}),
        )
        for page in pages:
            yield from map(decode, page["Items"])

    def changed(self, write: Write) -> Row:
        """Make one update by itself, and return the attributes that it changed as they are now.

        Raises:
            ConditionFailed, RecordBusy: as `write`.
        """
        try:
            answer = self._client.update_item(TableName=self._name, ReturnValues="UPDATED_NEW", **write.body)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed([0]) from error
        except ClientError as error:
            raise _named(error, [error.response["Error"]["Code"]]) from error
        return decode(answer["Attributes"])

    def write(self, *writes: Write) -> None:
        """Make all the writes or none of them; writers that meet try again a few times, a moment apart.

        Raises:
            ConditionFailed: a condition was false; nothing was written.
            RecordBusy: another writer was in the way, or DynamoDB is; nothing was written, try again.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._write(writes)
            except RecordBusy:
                # botocore retries a throttled call, but not a cancelled transaction.
                pause()
        return self._write(writes)

    def _write(self, writes: Sequence[Write]) -> None:
        items: list[TransactWriteItemTypeDef] = [
            {write.kind: {"TableName": self._name, **write.body}}  # type: ignore[misc] # kind is a literal at run time
            for write in writes
        ]
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
            if failed := [n for n, code in enumerate(codes) if code == "ConditionalCheckFailed"]:
                raise ConditionFailed(failed) from error
            raise _named(error, codes) from error
        except ClientError as error:
            raise _named(error, [error.response["Error"]["Code"]]) from error


def pause() -> None:
    """Wait a moment, of a random length, before meeting the same writers again."""
    time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - jitter, not a secret


def _named(error: ClientError, codes: Sequence[str]) -> Exception:
    """Return `RecordBusy` for what passes by itself, and the error itself otherwise."""
    return RecordBusy(f"the table is busy: {', '.join(codes)}") if _BUSY & set(codes) else error
