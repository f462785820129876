"""Holds on certificates whose sessions of AWS credentials are denied, and the lock under which that is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from cordon import clock
from cordon.errors import LockHeld
from cordon.incidents import rows
from cordon.incidents.record import stamp
from cordon.incidents.table import ConditionFailed, Row, Table, delete, key, put, update
from cordon.model.base import SCHEMA_VERSION
from cordon.model.thing import CERTIFICATE_ID

HOLD_FOR = timedelta(hours=12)
"""How long credentials of the provider live at most (CreateRoleAlias, `credentialDurationSeconds`)."""

LEASE = timedelta(seconds=60)
"""How long the lock is somebody's who does not free it: longer than a function may run (template.yaml: 30 s)."""


@dataclass(frozen=True)
class StsHold:
    """An incident's claim that the sessions of a certificate stay denied, until `expires_at`.

    `expires_at` is None where a person has put the hold into the table by hand, with no moment or none that can be
    read: it begins when the sweep sees it.
    """

    certificate_id: str
    incident_id: str
    held_at: str
    expires_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Return the hold that a row tells of; None if it is none (a person may have written it).

        What is no certificate id is never held nor denied.
        """
        certificate_id, incident_id = str(row.get("certificate_id")), str(row.get("incident_id"))
        if not CERTIFICATE_ID.fullmatch(certificate_id) or row["sk"] != rows.sts_hold(certificate_id, incident_id):
            return None
        return cls(certificate_id, incident_id, str(row.get("held_at", "")), _moment(row.get("expires_at")))

    @property
    def has_run_out(self) -> bool:
        """Say whether no credentials can live any more that were handed out before the hold."""
        return self.expires_at is not None and self.expires_at <= clock.now()


class StsHolds:
    """The holds, over the table. One row each, so that two incidents may hold one certificate."""

    def __init__(self, table: Table) -> None:
        """Keep the holds in `table`."""
        self._table = table

    def all(self) -> list[StsHold]:
        """Return every hold that was not put away yet, the oldest first."""
        found = map(StsHold.of, self._table.rows(rows.STS, rows.STS_HOLDS))
        return sorted(filter(None, found), key=lambda hold: (hold.held_at, hold.certificate_id))

    def is_held(self, certificate_id: str) -> bool:
        """Say whether any incident holds the certificate still."""
        found = map(StsHold.of, self._table.rows(rows.STS, rows.sts_hold(certificate_id, "")))
        return any(hold is not None and not hold.has_run_out for hold in found)

    def has_run_out(self, certificate_id: str, incident_id: str) -> bool | None:
        """Say whether the incident's hold on the certificate ran out by itself; None if it has no hold on it."""
        row = self._table.get(rows.STS, rows.sts_hold(certificate_id, incident_id))
        if row is not None:
            hold = StsHold.of(row)
            return hold.has_run_out if hold else None
        kept = self._table.get(rows.of_incident(incident_id), rows.sts_hold_kept(certificate_id))
        return None if kept is None else True

    def hold(self, certificate_id: str, incident_id: str) -> None:
        """Hold the certificate for the incident, for twelve hours from now."""
        now = clock.now()
        write = update(
            key(rows.STS, rows.sts_hold(certificate_id, incident_id)),
            set_={
                "schema_version": SCHEMA_VERSION,
                "certificate_id": certificate_id,
                "incident_id": incident_id,
                "expires_at": stamp(now + HOLD_FOR),
            },
            # Kept where it is held again: the oldest hold is the last to go short of room.
            set_once={"held_at": stamp(now)},
            condition="",
        )
        self._table.write(write)

    def let_go(self, certificate_id: str, incident_id: str) -> None:
        """Take the incident's hold away, as if it had never been. Done twice it is the same."""
        self._table.write(
            delete(key(rows.STS, rows.sts_hold(certificate_id, incident_id))),
            delete(key(rows.of_incident(incident_id), rows.sts_hold_kept(certificate_id))),
        )

    def put_away(self, hold: StsHold) -> None:
        """Move a hold that has run out into its incident's record, unless it was held again meanwhile."""
        expires_at = stamp(hold.expires_at) if hold.expires_at else None
        kept = {"schema_version": SCHEMA_VERSION, "held_at": hold.held_at, "expires_at": expires_at}
        place = key(rows.of_incident(hold.incident_id), rows.sts_hold_kept(hold.certificate_id))
        gone = delete(
            key(rows.STS, rows.sts_hold(hold.certificate_id, hold.incident_id)),
            condition="expires_at = :seen",
            seen=expires_at,
        )
        try:
            self._table.write(gone, put({**place, **kept}, condition=None))
        except ConditionFailed:
            return  # held again, let go, or put away by another sweep

    @contextmanager
    def lock(self, owner: str) -> Iterator[None]:
        """Have the lock of the policy while the block runs; `owner` has it already if it died with it.

        Raises:
            LockHeld: somebody else has it.
        """
        now, place = clock.now(), key(rows.STS, rows.LOCK)
        row = {**place, "schema_version": SCHEMA_VERSION, "held_by": owner, "held_until": stamp(now + LEASE)}
        free = "attribute_not_exists(pk) OR held_until < :now OR held_by = :me"
        try:
            self._table.write(put(row, condition=free, now=stamp(now), me=owner))
        except ConditionFailed as error:
            raise LockHeld("somebody else is writing the policy that denies sessions") from error
        try:
            yield
        finally:
            self._free(owner)

    def _free(self, owner: str) -> None:
        mine = "attribute_not_exists(pk) OR held_by = :me"
        try:
            self._table.write(delete(key(rows.STS, rows.LOCK), condition=mine, me=owner))
        except ConditionFailed:
            return  # the lease ran out, and it is somebody else's by now


def _moment(text: Any) -> datetime | None:
    """Return an aware moment; None for what is not the text of one."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None
