"""A transaction's backup, of the rows that it touches and not of the whole table.

moto copies the table once for every write of TransactWriteItems, each row of it, so that a run took longer with every
row that the runs before it had left. Only the rows that the transaction names can change, so only they are copied.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

_touching = threading.local()


@functools.cache
def install() -> None:
    """Put the lighter backup in, once per process."""
    from moto.dynamodb.models import DynamoDBBackend  # noqa: PLC0415 - moto is imported only when needed
    from moto.dynamodb.models.table import Table  # noqa: PLC0415 - as above

    original: Any = DynamoDBBackend.transact_write_items

    @functools.wraps(original)
    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        _touching.rows = list(_rows(transact_items))
        try:
            original(self, transact_items)
        finally:
            del _touching.rows

    DynamoDBBackend.transact_write_items = transact_write_items
    Table.__deepcopy__ = _deepcopy


def _rows(transact_items: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield the attributes that hold the key of each row of the transaction: its Key, or the whole Item of a Put."""
    for member in transact_items:
        for operation in member.values():
            yield operation.get("Key") or operation.get("Item") or {}


def _deepcopy(table: Any, memo: dict[int, Any]) -> Any:
    """Copy a table: as the backup of a transaction, only what it touches; otherwise all of it."""
    clone = copy.copy(table)
    rows = getattr(_touching, "rows", None)
    if rows is None or not table.has_range_key:
        clone.__dict__.update({name: copy.deepcopy(value, memo) for name, value in vars(table).items()})
        return clone
    clone.items = defaultdict(dict, {partition: dict(held) for partition, held in table.items.items()})
    for row in rows:
        _copy_row(clone, row)
    return clone


def _copy_row(clone: Any, row: dict[str, Any]) -> None:
    from moto.dynamodb.models.dynamo_type import DynamoType  # noqa: PLC0415 - moto is imported only when needed

    if not {clone.hash_key_attr, clone.range_key_attr} <= row.keys():
        return
    partition, sort = DynamoType(row[clone.hash_key_attr]), DynamoType(row[clone.range_key_attr])
    if partition in clone.items and sort in clone.items[partition]:
        clone.items[partition][sort] = copy.deepcopy(clone.items[partition][sort])
