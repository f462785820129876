"""A query that reads its own partition, and a scan that reads its own page, and not the whole table in order.

moto sorts every row of a table to answer one Query, comparing values that it casts anew each time, so that a run took
longer with every row that the runs before it had left. Only the rows of the partition can answer a Query of the table,
and moto orders what a Query found once more, so the rows that it looks through need no order. For each page of a Scan
it sorts all rows like that, and walks through those of the pages before.
"""

from __future__ import annotations

import functools
import inspect
import threading
from bisect import bisect_right
from typing import Any

from moto.dynamodb.models.table import Table

from playtest.local_aws.moto_methods import replace

_asked = threading.local()


@functools.cache
def install() -> None:
    """Put the shorter way in, once per process."""
    replace(Table, query=_of_partition(Table), scan=_from_page(Table), all_items=_to_look_through(Table))


def _of_partition(table: Any) -> Any:
    original = table.query
    signature = inspect.signature(original)

    @functools.wraps(original)
    def query(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        _asked.rows = _rows(given["self"], None if given.get("index_name") else given["hash_key"])
        try:
            return original(*args, **kwargs)
        finally:
            del _asked.rows

    return query


def _from_page(table: Any) -> Any:
    original = table.scan
    signature = inspect.signature(original)

    @functools.wraps(original)
    def scan(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        _asked.rows = None if given.get("index_name") else _rows_after(given["self"], given["exclusive_start_key"])
        try:
            return original(*args, **kwargs)
        finally:
            del _asked.rows

    return scan


def _rows_after(table: Any, start: Any) -> list[Any] | None:
    """Return the rows after the key where the last page ended, in moto's order; None where keys are not two texts."""
    names = (table.hash_key_attr, table.range_key_attr)
    if {kind["AttributeType"] for kind in table.attr if kind["AttributeName"] in names} != {"S"}:
        return None
    rows = sorted(_rows(table, None) or [], key=_texts)
    return rows[bisect_right(rows, tuple(start[name]["S"] for name in names), key=_texts) :] if start else rows


def _texts(row: Any) -> tuple[str, str]:
    return row.hash_key.value, row.range_key.value


def _to_look_through(table: Any) -> Any:
    original = table.all_items

    @functools.wraps(original)
    def all_items(self: Any) -> Any:
        rows = getattr(_asked, "rows", None)
        return original(self) if rows is None else rows

    return all_items


def _rows(table: Any, hash_key: Any) -> list[Any] | None:
    """Return the rows of one partition, or of all, in no order; None where a partition has only one row."""
    if not table.has_range_key:
        return None
    partitions = table.items.values() if hash_key is None else [table.items.get(hash_key, {})]
    return [row for partition in partitions for row in partition.values()]
