"""A transaction's backup, of the rows that it touches and not of the whole table.

moto copies the table once for every write of TransactWriteItems, each row of it, so that a run took longer with every
row that the runs before it had left. Only the rows that the transaction names can change, so only they are copied.
Nor does it ever let go of a copy: every instance of its models is kept in a list, which nobody reads for these.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Iterable
from typing import Any, cast

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from playtest.local_aws.moto_methods import add, replace

_backup = threading.local()


@functools.cache
def install() -> None:
    """Put the lighter backup in, once per process."""
    original: Any = DynamoDBBackend.transact_write_items

    @functools.wraps(original)
    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        _backup.rows, _backup.clones = list(_rows(transact_items)), {}
        try:
            original(self, transact_items)
        finally:
            del _backup.rows, _backup.clones

    replace(DynamoDBBackend, transact_write_items=transact_write_items)
    for model in (Table, Item):
        replace(model, __new__=cast("Any", staticmethod(_untracked)))
    add(Table, __deepcopy__=_deepcopy)


def _untracked(model: Any, *_: Any, **__: Any) -> Any:
    return object.__new__(model)


def _rows(transact_items: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield the attributes that hold the key of each row of the transaction: its Key, or the whole Item of a Put."""
    for member in transact_items:
        for operation in member.values():
            yield operation.get("Key") or operation.get("Item") or {}


def _deepcopy(table: Any, memo: dict[int, Any]) -> Any:
    """Copy a table: as the backup of a transaction, only what it touches, and once; otherwise all of it."""
    if not hasattr(_backup, "rows") or not table.has_range_key:
        clone = copy.copy(table)
        clone.__dict__.update({name: copy.deepcopy(value, memo) for name, value in vars(table).items()})
        return clone
    if table.name not in _backup.clones:
        _backup.clones[table.name] = _backup_of(table)
    return _backup.clones[table.name]


def _backup_of(table: Any) -> Any:
    clone = copy.copy(table)
    clone.items = table.items.copy()
    names = (table.hash_key_attr, table.range_key_attr)
    for row in _backup.rows:
        if row.keys() >= set(names):
            _copy_row(clone.items, table.items, *(DynamoType(row[name]) for name in names))
    return clone


def _copy_row(copied: dict[Any, Any], held: dict[Any, Any], partition: Any, sort: Any) -> None:
    """Copy one row, and the list of its partition's rows; where there is none, the backup keeps that there is none."""
    if partition not in held:
        return
    if copied[partition] is held[partition]:
        copied[partition] = dict(held[partition])
    if sort in held[partition]:
        copied[partition][sort] = copy.deepcopy(held[partition][sort])
