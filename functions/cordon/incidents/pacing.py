"""Calls of AWS IoT's control plane one after the other, so that the customer's own provisioning keeps room.

All steps share one row for an operation: when its next call may be made. Whoever wants to call takes that moment and
moves it on. A slot is only a time, so that a step which dies with one takes nothing from anybody else.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from cordon import clock
from cordon.errors import RecordBusy, Throttled
from cordon.incidents import rows
from cordon.incidents.table import ConditionFailed, Table, key, update
from cordon.model.base import SCHEMA_VERSION

UPDATE_CERTIFICATE = "UpdateCertificate"
_PER_SECOND = {UPDATE_CERTIFICATE: 5}
"""Half of the account's 10 calls a second (AWS IoT quotas, AWS-FACTS 4)."""
_TRIES = 8
_LONGEST_WAIT = 10_000
"""Milliseconds. A step has 30 s, of which one slow call may take 22 (clients.py); who waits longer wastes a Lambda."""


@dataclass(frozen=True)
class Pace:
    """The pace of the control plane, over the table."""

    table: Table

    def wait_for(self, operation: str) -> None:
        """Return when the operation's next call may be made.

        Raises:
            Throttled: too many are before us. No slot is taken, and the state's Retry comes again.
            RecordBusy: others were in the way each time.
        """
        now = int(clock.now().timestamp() * 1000)
        clock.sleep((self._take_slot(operation, now) - now) / 1000)

    def _take_slot(self, operation: str, now: int) -> int:
        """Return the moment of the next call, and move it on for whoever comes after."""
        row_key, between = key(rows.of_pace(operation), rows.PACE), 1000 // _PER_SECOND[operation]
        latest = now + _LONGEST_WAIT
        for _ in range(_TRIES):
            next_at = (self.table.get(**row_key) or {}).get("next_at", 0)
            if next_at > latest:
                raise Throttled(f"{operation} is called as often as it may be for the next {_LONGEST_WAIT} ms")
            if next_at >= now:
                # However many do so at once, each is given another moment.
                within = "next_at BETWEEN :now AND :latest"
                taken = update(row_key, add={"next_at": between}, condition=within, now=now, latest=latest)
            else:
                fields = {"next_at": now + between, "schema_version": SCHEMA_VERSION}
                taken = update(row_key, set_=fields, condition="attribute_not_exists(pk) OR next_at < :now", now=now)
            with contextlib.suppress(ConditionFailed):
                return int(self.table.changed(taken)["next_at"]) - between
        raise RecordBusy(f"the pace of {operation} met other writers {_TRIES} times")
