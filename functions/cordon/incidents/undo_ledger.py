"""The ledger while an incident is undone: what was put back, what another incident needs, and the holds given up."""

from __future__ import annotations

from cordon import clock
from cordon.errors import NotTheClaimant
from cordon.incidents import rows
from cordon.incidents.holds import Holds, begin_to_put_back, end, hand_over, stop_putting_back
from cordon.incidents.record import Incidents, parsed, stamp
from cordon.incidents.table import ConditionFailed, Write, check, key, update
from cordon.model.change import ChangeStatus, Hold, LedgerEntry
from cordon.model.incident import Incident

_THE_INCIDENT, _THE_HOLD = 0, 2
"""Places in each transaction: the check of the incident, the entry, and the hold where there is one."""


class HoldChanged(Exception):
    """Another incident took the resource's hold, or gave it up, since it was read."""


class UndoLedger:
    """The ledger of one incident, for whoever undoes it, as long as nobody moves the incident meanwhile."""

    def __init__(self, incidents: Incidents, incident: Incident, actor: str) -> None:
        """Write for `actor` (the ARN of an execution) while the incident stands as it is given."""
        self._incidents, self._table, self._incident, self.actor = incidents, incidents.table, incident, actor
        self._holds = Holds(incidents.table)

    def entries(self) -> list[LedgerEntry]:
        """Return the plan's changes in their order, each with how far it has come."""
        return [parsed(LedgerEntry, row) for row in self._incidents.rows_of(self._incident.id, "CHANGE#")]

    def hold(self, entry: LedgerEntry) -> Hold | None:
        """Return the hold on the entry's resource; None where it was made before holds had an origin."""
        return self._holds.get(entry.change.resource)

    def is_needed(self, hold: Hold | None) -> bool:
        """Say whether another incident needs the resource as it is."""
        return hold is not None and bool(set(hold.holders) - {self._incident.id})

    def released(self, entry: LedgerEntry) -> None:
        """Give up our hold on what another incident needs.

        Raises:
            NotTheClaimant: the incident was moved meanwhile.
            HoldChanged: no other incident holds it any more.
        """
        self._write(entry, ChangeStatus.RELEASED, hand_over(entry.change.resource, self._incident.id))

    def undoing(self, entry: LedgerEntry, hold: Hold | None) -> None:
        """Record that the resource is about to be put back, and keep others from holding it meanwhile.

        Raises:
            NotTheClaimant: the incident was moved meanwhile; the call must not be made.
            HoldChanged: another incident needs it now; the call must not be made.
        """
        marked = [begin_to_put_back(entry.change.resource, self._incident.id)] if hold else []
        self._write(entry, ChangeStatus.UNDOING, *marked)

    def undone(self, entry: LedgerEntry, hold: Hold | None) -> None:
        """Record that the resource is as it was before any incident, and forget the hold.

        Raises:
            NotTheClaimant: the incident was moved meanwhile.
            HoldChanged: another incident needs it now.
        """
        self._write(entry, ChangeStatus.UNDONE, *([end(entry.change.resource, self._incident.id)] if hold else []))

    def kept(self, entry: LedgerEntry, hold: Hold | None) -> None:
        """Record that the resource was not put back after all, and let others hold it again.

        Raises:
            NotTheClaimant: the incident was moved meanwhile.
        """
        self._write(entry, ChangeStatus.APPLIED, *([stop_putting_back(entry.change.resource)] if hold else []))

    def _write(self, entry: LedgerEntry, status: ChangeStatus, *of_hold: Write) -> None:
        moved = update(
            key(rows.of_incident(self._incident.id), rows.change(entry.number)),
            set_={"status": status, "actor": self.actor, "undone_at": stamp(clock.now())},
        )
        try:
            self._table.write(self._still_so(), moved, *of_hold)
        except ConditionFailed as error:
            if _THE_INCIDENT in error.failed or _THE_HOLD not in error.failed:
                raise NotTheClaimant(f"{self._incident.id} was moved while it was undone") from error
            raise HoldChanged(entry.change.resource) from error

    def _still_so(self) -> Write:
        """Return the check that the incident is still where it was when the undoing began, and whose it was."""
        return check(
            key(rows.of_incident(self._incident.id), rows.HEAD),
            "#status = :status AND claimed_by = :claimant",
            status=self._incident.status,
            claimant=self._incident.claimed_by,
        )
