"""The record of incidents: read one, move it from status to status, tell who may act on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import ValidationError

from cordon import clock
from cordon.errors import IllegalTransition, IncidentNotFound, NotTheClaimant, RecordBusy, RecordUnreadable
from cordon.incidents import rows
from cordon.incidents.table import ConditionFailed, Row, Table, Write, check, delete, key, put, update
from cordon.model.alarm import Alarm
from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.incident import TRANSITIONS, Incident, IncidentStatus

DUE_AFTER: dict[IncidentStatus, timedelta] = {
    IncidentStatus.OPENED: timedelta(minutes=5),
    # Longer than a playbook takes from its claim, or from an approval, to its end: that was recorded before the sweep
    # asks. (Its TimeoutSeconds is longer by the time that it may wait for people.)
    IncidentStatus.RESPONDING: timedelta(minutes=100),
}
"""How long an incident may stay in a status before the sweep pages. In others it may rest, or has a date of its own."""
_OVER = frozenset({IncidentStatus.STOOD_DOWN, IncidentStatus.CLOSED})
"""Statuses in which a later alarm opens a new incident."""
_HEAD = 0
"""Place of the incident's own row in the transaction of a move."""


W = TypeVar("W", bound=Word)


def parsed(kind: type[W], row: Mapping[str, Any]) -> W:
    """Return a row of the table as the word it should be.

    What the word does not know is left out: the row's keys, and what a later version of this code has written. While
    a new version is deployed both run, and an incident must not fail because the other one touched it.

    Raises:
        RecordUnreadable: it is not; names the row and the first field that is wrong.
    """
    try:
        return kind.model_validate(row, extra="ignore")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordUnreadable(f"{row.get('pk')} {row.get('sk')}: {where}: {first['msg']}") from error


def stamp(moment: datetime) -> str:
    """Return a moment as the table keeps it: ISO 8601 in UTC with microseconds, so that text order is time order."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def timeline_row(incident_id: str, what: str, actor: str, facts: Mapping[str, Any] | None = None) -> Row:
    """Return the timeline's row for something that happened now. `what` is a word or two; `facts` are small JSON."""
    at = stamp(clock.now())
    # The last part keeps two entries of one microsecond apart.
    row = key(rows.of_incident(incident_id), f"TIMELINE#{at}#{what}#{uuid4().hex[:8]}")
    return {**row, "schema_version": SCHEMA_VERSION, "at": at, "what": what, "actor": actor, "facts": dict(facts or {})}


def due(status: IncidentStatus) -> dict[str, str]:
    """Return the attributes that put an incident of this status into the sweep's index; none where it may rest."""
    after = DUE_AFTER.get(status)
    return {"due_kind": rows.INCIDENT_DUE, "due_at": stamp(clock.now() + after)} if after else {}


class Incidents:
    """The heads of all incidents, over the table."""

    def __init__(self, table: Table) -> None:
        """Keep the record in `table`."""
        self.table = table

    def get(self, incident_id: str) -> Incident:
        """Return the incident.

        Raises:
            IncidentNotFound: there is none of that id.
            RecordUnreadable: its row is not an incident.
        """
        row = self.table.get(rows.of_incident(incident_id), rows.HEAD)
        if row is None:
            raise IncidentNotFound(f"no incident {incident_id} is in the record")
        return parsed(Incident, row)

    def claimed(self, incident_id: str, execution: str) -> Incident:
        """Return the incident if this execution (its ARN) is the one that answers it.

        Raises:
            NotTheClaimant: it is not responding, or another execution has it.
        """
        incident = self.get(incident_id)
        if incident.claimed_by != execution or incident.status is not IncidentStatus.RESPONDING:
            raise NotTheClaimant(f"{incident_id} is {incident.status} and claimed by {incident.claimed_by}")
        return incident

    def still_due(self, row: Row) -> Incident | None:
        """Return the incident of a row of the index `due`, as it stands now; None if it has moved, or is not due yet.

        An index lags behind. ClaimIncident cannot move the date, so a claimed incident has its time from the claim.

        Raises:
            RecordUnreadable: its row is not an incident.
        """
        found = self.table.get(row["pk"], row["sk"]) or {}
        if found.get("due_kind") != row["due_kind"] or found["due_at"] > stamp(clock.now()):
            return None
        incident = parsed(Incident, found)
        if incident.status is IncidentStatus.RESPONDING and incident.claimed_at:
            patience = DUE_AFTER[IncidentStatus.RESPONDING]
            return incident if clock.now() - incident.claimed_at >= patience else None
        return incident

    def open_under(self, open_key: str) -> str | None:
        """Return the id of the incident that is open under this key (`rows.of_open`), if any."""
        row = self.table.get(open_key, rows.OPEN)
        return str(row["incident_id"]) if row else None

    def sighting(self, incident_id: str, alarm_id: str) -> Alarm | None:
        """Return one alarm of the incident. Read by its whole key: `x/1` is the beginning of `x/10` too."""
        row = self.table.get(rows.of_incident(incident_id), rows.sighting(alarm_id))
        return parsed(Alarm, row["alarm"]) if row else None

    def sightings(self, incident_id: str) -> Iterator[tuple[Alarm, Row]]:
        """Yield every alarm of the incident, in the order of their ids, each with its row."""
        for row in self.rows_of(incident_id, rows.SIGHTINGS):
            yield parsed(Alarm, row["alarm"]), row

    def rows_of(self, incident_id: str, prefix: str) -> Iterator[Row]:
        """Yield the incident's rows whose sort key begins with `prefix`, in order."""
        return self.table.rows(rows.of_incident(incident_id), prefix)

    def move(
        self,
        incident: Incident,
        to: IncidentStatus,
        actor: str,
        *,
        also: Sequence[Write] = (),
        due_at: datetime | None = None,
        **fields: Any,
    ) -> Incident:
        """Move the incident to another status, with `fields` (JSON values), and write it into the timeline.

        `also` is written with it or not at all. The sweep asks after it at `due_at`, or when the status says. Whoever
        moves an incident to its end frees the key under which it was open. Observed is the end of a run that shows a
        plan only: an incident that a person asks for meanwhile does not become so unseen.

        Raises:
            IllegalTransition: its status may not be followed by `to`, or somebody moved it meanwhile.
            RecordBusy: a condition of `also` did not hold: somebody else wrote there; or a person just asked for it.
        """
        if to not in TRANSITIONS[incident.status]:
            raise IllegalTransition(f"{incident.id} is {incident.status} and cannot become {to}")
        when_due = {"due_kind": rows.INCIDENT_DUE, "due_at": stamp(due_at)} if due_at else due(to)
        is_unasked = to is IncidentStatus.OBSERVED and incident.requested_by is None
        change = update(
            key(rows.of_incident(incident.id), rows.HEAD),
            set_={"status": to, "updated_at": stamp(clock.now()), **fields, **when_due},
            remove=[] if when_due else ["due_kind", "due_at"],
            condition=f"#status = :from_{' AND attribute_not_exists(requested_by)' if is_unasked else ''}",
            from_=incident.status,
        )
        note = put(timeline_row(incident.id, to, actor, {"from": incident.status}))
        freed = self._freed(incident) if to in _OVER else []
        try:
            self.table.write(change, note, *freed, *also)
        except ConditionFailed as error:
            if _HEAD not in error.failed or (is_unasked and self.get(incident.id).status is incident.status):
                raise RecordBusy(f"{incident.id} met another writer") from error
            raise IllegalTransition(f"{incident.id} is no longer {incident.status}") from error
        return self.get(incident.id)

    def set_while_claimed(self, incident_id: str, execution: str, **fields: Any) -> None:
        """Set fields (JSON values) of an incident that this execution answers.

        Raises:
            NotTheClaimant: it was taken from the execution meanwhile.
        """
        write = update(
            key(rows.of_incident(incident_id), rows.HEAD),
            set_={**fields, "updated_at": stamp(clock.now())},
            condition="claimed_by = :me AND #status = :responding",
            me=execution,
            responding=IncidentStatus.RESPONDING,
        )
        try:
            self.table.write(write)
        except ConditionFailed as error:
            raise NotTheClaimant(f"{incident_id} was taken from {execution}") from error

    def question(self, incident: Incident) -> bool:
        """Question a contained incident, once until somebody looks; the sweep pages if nobody does. Say whether we did.

        One look answers every sighting that was recorded before it, so that a storm of them does not start a storm.
        """
        write = update(
            key(rows.of_incident(incident.id), rows.HEAD),
            set_={"questioned": True, **due(IncidentStatus.OPENED)},
            condition="#status = :contained AND NOT questioned = :true",
            contained=IncidentStatus.CONTAINED,
            true=True,
        )
        return self._wrote(write)

    def take_question(self, incident_id: str) -> bool:
        """Take the question away, to look. Say whether the incident is still contained."""
        write = update(
            key(rows.of_incident(incident_id), rows.HEAD),
            set_={"questioned": False},
            remove=["due_kind", "due_at"],
            condition="#status = :contained",
            contained=IncidentStatus.CONTAINED,
        )
        return self._wrote(write)

    def assess_again(self, incident: Incident, request_id: str) -> bool:
        """Let an escalated incident be claimed once more, for a person's request; once for each request.

        `request_id` is that of the request's alarm. False: it is not escalated any more, or this was done before.
        """
        again = update(
            key(rows.of_incident(incident.id), rows.HEAD),
            set_={"reassess": True, **due(IncidentStatus.OPENED)},
            condition="#status = :escalated AND attribute_exists(requested_by)",
            escalated=IncidentStatus.ESCALATED,
        )
        once = update(
            key(rows.of_alarm(request_id), rows.ALARM),
            set_={"assessed_again": True},
            condition="attribute_exists(pk) AND attribute_not_exists(assessed_again)",
        )
        return self._wrote(again, once)

    def was_moved(self, incident_id: str, to: IncidentStatus, actor: str) -> bool:
        """Say whether it was `actor` who once moved the incident to that status, whoever has it now."""
        notes = self.rows_of(incident_id, "TIMELINE#")
        return any((row["what"], row["actor"]) == (to, actor) for row in notes)

    def paged(self, incident_id: str) -> None:
        """Record that people were paged about the incident just now."""
        self.table.write(update(key(rows.of_incident(incident_id), rows.HEAD), set_={"paged_at": stamp(clock.now())}))

    def take_page(self, incident: Incident) -> bool:
        """Record that people are paged about the incident again. False: somebody did so since it was read."""
        seen = stamp(incident.paged_at) if incident.paged_at else ""
        fields = {"paged_at": stamp(clock.now())}
        row_key = key(rows.of_incident(incident.id), rows.HEAD)
        return self._wrote(update(row_key, set_=fields, condition="paged_at = :seen", seen=seen))

    def postpone(self, incident: Incident, until: datetime) -> None:
        """Let the sweep look at a standing incident again at `until`; one that moved meanwhile keeps its own date."""
        write = update(
            key(rows.of_incident(incident.id), rows.HEAD),
            set_={"due_at": stamp(until)},
            condition="attribute_exists(due_kind) AND #status = :seen",
            seen=incident.status,
        )
        self._wrote(write)

    def note(self, incident_id: str, what: str, actor: str, facts: Mapping[str, Any] | None = None) -> None:
        """Write something that changes nothing of the head into the timeline."""
        self.table.write(put(timeline_row(incident_id, what, actor, facts)))

    def _freed(self, incident: Incident) -> list[Write]:
        """Return what lets a later alarm open a new incident, if this one still has the key."""
        if self.open_under(incident.open_key) != incident.id:
            return []
        row_key = key(incident.open_key, rows.OPEN)
        return [delete(row_key, condition="attribute_not_exists(pk) OR incident_id = :id", id=incident.id)]

    def _wrote(self, *writes: Write) -> bool:
        try:
            self.table.write(*writes)
        except ConditionFailed:
            return False
        return True


def still_claimed(incident_id: str, execution: str) -> Write:
    """Return the check that fences off an execution that no longer has the incident, for use in a transaction."""
    return check(
        key(rows.of_incident(incident_id), rows.HEAD),
        "claimed_by = :me AND #status = :responding",
        me=execution,
        responding=IncidentStatus.RESPONDING,
    )
