"""A query that reads its own partition, and not the whole table in order.

moto sorts every row of a table to answer one Query, comparing values that it casts anew each time, so that a run took
longer with every row that the runs before it had left. Only the rows of the partition can answer a Query of the table,
and moto orders what a Query found once more, so the rows that it looks through need no order.
"""

from __future__ import annotations

import functools
import inspect
import threading
from typing import Any

from moto.dynamodb.models.table import Table

from playtest.local_aws.moto_methods import replace

_query = threading.local()


@functools.cache
def install() -> None:
    """Put the shorter way in, once per process."""
    replace(Table, query=_of_partition(Table), all_items=_to_look_through(Table))


def _of_partition(table: Any) -> Any:
    original = table.query
    signature = inspect.signature(original)

    @functools.wraps(original)
    def query(*args: Any, **kwargs: Any) -> Any:
        asked = signature.bind(*args, **kwargs).arguments
        _query.rows = _rows(asked["self"], None if asked.get("index_name") else asked["hash_key"])
        try:
            return original(*args, **kwargs)
        finally:
            del _query.rows

    return query


def _to_look_through(table: Any) -> Any:
    original = table.all_items

    @functools.wraps(original)
    def all_items(self: Any) -> Any:
        rows = getattr(_query, "rows", None)
        return original(self) if rows is None else rows

    return all_items


def _rows(table: Any, hash_key: Any) -> list[Any] | None:
    """Return the rows of one partition, or of all, in no order; None where a partition has only one row."""
    if not table.has_range_key:
        return None
    partitions = table.items.values() if hash_key is None else [table.items.get(hash_key, {})]
    return [row for partition in partitions for row in partition.values()]
