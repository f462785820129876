"""The ticket of an incident: wanted first, written then, so that one that could not be written is tried again."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from cordon import clock
from cordon.errors import TicketSystemDown
from cordon.incidents import rows
from cordon.incidents.record import stamp
from cordon.incidents.table import ConditionFailed, Row, Table, key, update
from cordon.model.base import SCHEMA_VERSION
from cordon.tickets.ops_center import SYSTEM, Found, OpsCenter
from cordon.tickets.wording import TicketContent

_TRY_AGAIN_AFTER = timedelta(minutes=5)
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"
"""A condition that holds for every row: a ticket's row may be made by its first update."""


class Tickets:
    """Keeps, for each incident, the one ticket that it has."""

    def __init__(self, table: Table, system: OpsCenter) -> None:
        """Write tickets to `system`, and remember them in `table`."""
        self._table, self._system = table, system

    def find(self, incident_id: str) -> Row | None:
        """Return the row of the incident's ticket, if one was ever wanted."""
        return self._table.get(rows.of_incident(incident_id), rows.TICKET)

    def want(self, incident_id: str) -> str:
        """Record that the ticket is to be written: until it is, the sweep tries every few minutes.

        What is returned tells this wish from a later one, for `write`.
        """
        return want(self._table, incident_id)

    def write(self, incident_id: str, content: TicketContent, *, wanted: str | None = None) -> str:
        """Create or update the incident's ticket and return its id. One that somebody deleted is made anew, once.

        `wanted` is what `want` returned before the content was made: where it was wanted once more since, it stays so.

        Raises:
            TicketSystemDown: it stays wanted.
        """
        known = (self.find(incident_id) or {}).get("ticket_id")
        ticket = Found(str(known), is_new=False) if known else self._make(incident_id, content)
        if not self._says(ticket, content):
            ticket = self._make(incident_id, content, instead_of=ticket.id)
            if not self._says(ticket, content):
                # A deletion takes minutes to be seen everywhere, and until then OpsCenter may name the deleted one.
                raise TicketSystemDown(f"OpsCenter named {ticket.id}, and has no such ticket")
        self._written(incident_id, wanted)
        return ticket.id

    def is_due(self, incident_id: str) -> bool:
        """Say whether the incident's ticket still waits to be written, and is to be tried by now."""
        row = self.find(incident_id) or {}
        return "due_at" in row and row["due_at"] <= stamp(clock.now())

    def paged(self, incident_id: str) -> None:
        """Record that a person was told that this ticket cannot be written."""
        self._set(incident_id, set_={"paged_at": stamp(clock.now())})

    def _written(self, incident_id: str, wanted: str | None) -> None:
        condition = "due_at = :wanted OR attribute_not_exists(due_at)" if wanted else _ALWAYS
        values: Row = {"wanted": wanted} if wanted else {}
        written = update(
            key(rows.of_incident(incident_id), rows.TICKET),
            set_={"written_at": stamp(clock.now())},
            remove=["due_kind", "due_at", "wanted_at", "paged_at"],
            condition=condition,
            **values,
        )
        with contextlib.suppress(ConditionFailed):
            self._table.write(written)

    def _make(self, incident_id: str, content: TicketContent, **replaced: str) -> Found:
        """Make a ticket and record it before it is updated, so that a step which dies here finds it again."""
        made = self._system.create(incident_id, content)
        self._set(incident_id, set_={"ticket_id": made.id, **replaced})
        return made

    def _says(self, ticket: Found, content: TicketContent) -> bool:
        """Let the ticket say what it shall. False: there is no such ticket any more."""
        return ticket.is_new or self._system.update(ticket.id, content)

    def _set(
        self, incident_id: str, *, set_: Row, set_once: Row | None = None, remove: list[str] | None = None
    ) -> None:
        _set(self._table, incident_id, set_=set_, set_once=set_once, remove=remove)


def want(table: Table, incident_id: str) -> str:
    """Record that the incident's ticket is to be written, for whoever has no ticket system; see `Tickets.want`."""
    at = clock.now()
    due_at = stamp(at + _TRY_AGAIN_AFTER)
    _set(
        table,
        incident_id,
        set_={"due_kind": rows.TICKET_DUE, "due_at": due_at, "incident_id": incident_id},
        set_once={"wanted_at": stamp(at), "system": SYSTEM, "schema_version": SCHEMA_VERSION},
    )
    return due_at


def _set(
    table: Table, incident_id: str, *, set_: Row, set_once: Row | None = None, remove: list[str] | None = None
) -> None:
    row_key = key(rows.of_incident(incident_id), rows.TICKET)
    table.write(update(row_key, set_=set_, set_once=set_once, remove=remove or [], condition=_ALWAYS))
