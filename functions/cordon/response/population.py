"""How many things the fleet, a group or a type has: what a budget in percent is a part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from cordon import clock
from cordon.errors import RecordUnreadable
from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.incidents.table import Table, key, put
from cordon.model.base import SCHEMA_VERSION, Word

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

_KEPT = timedelta(hours=1)
_PAGE = 250
"""Things a page, the most that ListThings and ListThingsInThingGroup return (botocore, `maxResults`)."""
_MOST_PAGES = 40
"""What is not counted only makes the budget smaller: 10,000 things are as many as anybody waits for."""


@dataclass(frozen=True, order=True)
class Scope:
    """What a budget is for: the fleet, one group or one type."""

    kind: Literal["fleet", "group", "type"]
    name: str = ""

    @property
    def key(self) -> str:
        """How the scope is called in the table."""
        return f"{self.kind}/{self.name}" if self.name else self.kind

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else f"the {self.kind}"


class Population(Word):
    """What was counted, and when (milliseconds since 1970)."""

    things: int = Field(ge=0)
    at: int


class Populations:
    """Counts the things of a scope, at most once an hour."""

    def __init__(self, table: Table, iot: IoTClient) -> None:
        """Count in AWS IoT, and remember in `table`."""
        self._table, self._iot = table, iot

    def of(self, scope: Scope) -> int:
        """Return how many things the scope has, or had within the last hour; never more than there were.

        A group's are those of its child groups too. A row that makes no sense is counted anew.
        """
        now, pk = milliseconds(), rows.of_population(scope.key)
        known = self._known(pk)
        if known and 0 <= now - known.at < _KEPT / timedelta(milliseconds=1):
            return known.things
        things = sum(islice(self._pages(scope), _MOST_PAGES))
        counted = {"things": things, "at": now, "expires_at": now // 1000 + int(_KEPT.total_seconds())}
        row = {**key(pk, rows.POPULATION), "schema_version": SCHEMA_VERSION, **counted}
        self._table.write(put(row, condition=None))
        return things

    def _known(self, pk: str) -> Population | None:
        row = self._table.get(pk, rows.POPULATION)
        try:
            return parsed(Population, row) if row else None
        except RecordUnreadable:
            return None

    def _pages(self, scope: Scope) -> Iterator[int]:
        """Yield how many things each page holds."""
        size: Any = {"PageSize": _PAGE}
        if scope.kind == "group":
            in_group = self._iot.get_paginator("list_things_in_thing_group")
            members: Iterator[Sequence[Any]] = (
                page["things"]
                for page in in_group.paginate(thingGroupName=scope.name, recursive=True, PaginationConfig=size)
            )
            return map(len, members)
        of_type: Any = {"thingTypeName": scope.name} if scope.kind == "type" else {}
        everything = self._iot.get_paginator("list_things")
        return (len(page["things"]) for page in everything.paginate(**of_type, PaginationConfig=size))


def milliseconds() -> int:
    """Return the present moment in milliseconds since 1970, as the rows of budgets keep it."""
    return int(clock.now().timestamp() * 1000)
