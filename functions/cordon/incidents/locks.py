"""The lock of a thing: one execution changes it at a time."""

from __future__ import annotations

from cordon import clock
from cordon.errors import LockHeld
from cordon.incidents import rows
from cordon.incidents.record import stamp
from cordon.incidents.table import ConditionFailed, Row, Table, delete, key, put
from cordon.model.base import SCHEMA_VERSION


def take_lock(table: Table, thing_name: str, *, incident_id: str, execution: str) -> None:
    """Take the thing's lock for this execution, or find that it has it already.

    A lock never runs out by itself: an execution that is slow is still changing the thing. It is freed by the step that
    records how the execution ended, or by the rule on its unexpected end.

    Raises:
        LockHeld: another execution has it.
    """
    owner = {"incident_id": incident_id, "execution": execution, "taken_at": stamp(clock.now())}
    row: Row = {**key(rows.of_lock(thing_name), rows.LOCK), "schema_version": SCHEMA_VERSION, **owner}
    try:
        table.write(put(row, condition="attribute_not_exists(pk) OR execution = :me", me=execution))
    except ConditionFailed as error:
        raise LockHeld(f"another execution is changing {thing_name}") from error


def free_lock(table: Table, thing_name: str, *, execution: str) -> None:
    """Free the thing's lock if this execution has it; otherwise do nothing."""
    try:
        table.write(
            delete(
                key(rows.of_lock(thing_name), rows.LOCK),
                condition="attribute_not_exists(pk) OR execution = :me",
                me=execution,
            )
        )
    except ConditionFailed:
        return  # somebody else's by now: theirs to free
