"""Holds: which incidents need a resource as it is, and what it was before the first of them changed it."""

from __future__ import annotations

from typing import Any

from cordon import clock
from cordon.incidents import rows
from cordon.incidents.record import parsed, stamp
from cordon.incidents.table import Row, Table, Write, delete, key, update
from cordon.model.base import SCHEMA_VERSION
from cordon.model.change import Change, Hold

_OF_OLD = "INCIDENT#"
"""What the sort key of a hold began with before holds had an origin: such a row says nothing that could be put back."""
_MINE_ALONE = "size(holders) = :one AND contains(holders, :me)"


class Holds:
    """Reads the holds of the table."""

    def __init__(self, table: Table) -> None:
        """Read from `table`."""
        self._table = table

    def get(self, resource: str) -> Hold | None:
        """Return the hold on a resource; None if no incident holds it.

        Raises:
            RecordUnreadable: its row is not a hold.
        """
        row = self._table.get(rows.of_hold(resource), resource)
        return parsed(Hold, row) if row else None

    def is_needed_by_others(self, resource: str, incident_id: str) -> bool:
        """Say whether incidents other than this one hold a resource.

        Raises:
            RecordUnreadable: its row is not a hold.
        """
        hold = self.get(resource)
        return hold is not None and bool(set(hold.holders) - {incident_id})

    def of_others(self, root: str, incident_id: str) -> list[Hold]:
        """Return what incidents other than this one hold of a root resource (`certificate/<id>`, `thing/<name>`).

        Raises:
            RecordUnreadable: a row is not a hold.
        """
        held = [parsed(Hold, row) for row in self._table.rows(rows.of_hold(root)) if not row["sk"].startswith(_OF_OLD)]
        return [hold for hold in held if set(hold.holders) - {incident_id}]


def take(change: Change, incident_id: str, *, origin: Any) -> Write:
    """Hold the change's resource for the incident, also where it has it already; `origin` counts if it is the first.

    The condition fails while the resource is being put back for another incident.
    """
    first: Row = {"before": origin, "held_at": stamp(clock.now()), "schema_version": SCHEMA_VERSION}
    return update(
        _key(change.resource),
        set_={"resource": change.resource, "action": change.action, "after": change.after},
        set_once=first,
        add={"holders": {incident_id}},
        condition="attribute_not_exists(put_back_by) OR put_back_by = :me",
        me=incident_id,
    )


def hand_over(resource: str, incident_id: str) -> Write:
    """Give the incident's hold up; the condition fails where no other incident holds the resource."""
    return update(
        _key(resource),
        discard={"holders": {incident_id}},
        condition="size(holders) > :one AND contains(holders, :me)",
        one=1,
        me=incident_id,
    )


def begin_to_put_back(resource: str, incident_id: str) -> Write:
    """Let nobody else hold the resource from now on; the condition fails where another incident does already."""
    return update(_key(resource), set_={"put_back_by": incident_id}, condition=_MINE_ALONE, one=1, me=incident_id)


def stop_putting_back(resource: str) -> Write:
    """Let others hold the resource again: it was not put back."""
    return update(_key(resource), remove=["put_back_by"])


def end(resource: str, incident_id: str) -> Write:
    """Forget the hold: the resource is as it was. The condition fails where another incident holds it."""
    return delete(_key(resource), condition=_MINE_ALONE, one=1, me=incident_id)


def _key(resource: str) -> dict[str, str]:
    return key(rows.of_hold(resource), resource)
