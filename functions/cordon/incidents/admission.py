"""How an alarm enters the record: it opens an incident, joins one, or is noted; the same alarm never twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cordon import clock
from cordon.errors import RecordBusy
from cordon.incidents import rows
from cordon.incidents.findings import Findings, Reported, is_tied_by_clues, require_the_same, subject_of, told_by
from cordon.incidents.record import Incidents, due, timeline_row
from cordon.incidents.sightings import counted, first_seen, told_that_it_is_worse
from cordon.incidents.table import ConditionFailed, Row, Write, check, key, put
from cordon.model.alarm import Alarm, AlarmKind
from cordon.model.base import SCHEMA_VERSION, sha256_hex
from cordon.model.incident import Incident, IncidentStatus

ACTOR = "triage"
_ATTEMPTS = 4


class Became(StrEnum):
    """What became of an alarm."""

    OPENED = "opened"
    JOINED = "joined"
    NOTED = "noted"
    IGNORED = "ignored"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Admitted:
    """An alarm in the record: what became of it, the incident, and whether the record had it already (a redelivery).

    `is_resend` tells that the detector had reported this very finding to the incident, whose containment is proven.
    """

    became: Became
    incident_id: str
    redelivered: bool
    is_resend: bool = False


def incident_id_for(alarm: Alarm) -> str:
    """Return the id of the incident that this alarm would open: the day it came, and ten hex digits of its own id."""
    digest = sha256_hex(f"{alarm.id} {alarm.playbook}")[:10]
    return f"inc-{alarm.received_at:%Y%m%d}-{digest}"


def alarm_row(alarm_id: str, became: Became, facts: Mapping[str, Any]) -> Row:
    """Return the row that remembers what became of an alarm, for 90 days."""
    expires = int((clock.now() + rows.ALARMS_REMEMBERED).timestamp())
    row = key(rows.of_alarm(alarm_id), rows.ALARM)
    return {**row, "schema_version": SCHEMA_VERSION, "became": became, **facts, "expires_at": expires}


class Admission:
    """The way into the record, for triage."""

    def __init__(self, incidents: Incidents) -> None:
        """Admit into `incidents`."""
        self._incidents, self._table = incidents, incidents.table
        self._findings = Findings(incidents.table)

    def attributed(self, alarm: Alarm, attribute: Callable[[Alarm], list[Alarm]]) -> list[Alarm]:
        """Return the alarms that `attribute` makes of one: `Findings.attributed`."""
        return self._findings.attributed(alarm, attribute)

    def known(self, alarm_id: str) -> Row | None:
        """Return what became of an alarm of that id, if it was here before."""
        return self._table.get(rows.of_alarm(alarm_id), rows.ALARM)

    def remember(self, alarm_id: str, became: Became, **facts: Any) -> None:
        """Remember an alarm that opens and joins nothing. To remember it twice is harmless."""
        self._table.write(put(alarm_row(alarm_id, became, facts), condition=None))

    def admit(self, alarm: Alarm) -> Admitted | None:
        """Put the alarm into the record, or find it there. None: nothing is open that it could clear or invalidate.

        What was rejected before and can be read by now is admitted.

        Raises:
            AlarmRejected: another alarm has come under this id before.
            RecordBusy: other writers were in the way each time.
        """
        for _ in range(_ATTEMPTS):
            row = self.known(alarm.id)
            if row and row["became"] != Became.REJECTED:
                return _already(row, alarm)
            reported = self._findings.reported(alarm) if is_tied_by_clues(alarm) else None
            open_id = self._open_for(alarm, reported)
            if open_id is None and alarm.kind is not AlarmKind.IN_ALARM:
                return None
            try:
                return self._join(alarm, open_id, reported) if open_id else self.open(alarm, reported)
            except ConditionFailed:
                continue  # another delivery was faster: look again at what is there now
        raise RecordBusy(f"alarm {alarm.id} met other writers {_ATTEMPTS} times")

    def _open_for(self, alarm: Alarm, reported: Reported | None) -> str | None:
        """Return the incident that is open for the alarm: that of its finding first, whatever it leads to by now."""
        for incident_id in reported.candidates(alarm) if reported else []:
            if self._incidents.open_under(self._incidents.get(incident_id).open_key) == incident_id:
                return incident_id
        return self._incidents.open_under(_open_key(alarm))

    def open(self, alarm: Alarm, reported: Reported | None = None) -> Admitted:
        """Open the alarm's incident.

        Raises:
            ConditionFailed: the alarm was here before, or an incident is open that it would join.
        """
        incident = _opened_by(alarm)
        open_row = {**key(_open_key(alarm), rows.OPEN), "incident_id": incident.id}
        # The incidents of the same finding that are over: whoever reads this one wants to know how they ended.
        after = {"after": reported.candidates(alarm)} if reported and reported.incidents else {}
        # Without the fields that are none yet: a NULL would count as there for what is set only once.
        head = {**key(rows.of_incident(incident.id), rows.HEAD), **incident.model_dump(mode="json", exclude_none=True)}
        self._table.write(
            _remembered(alarm, Became.OPENED, incident_id=incident.id),
            put({**open_row, "schema_version": SCHEMA_VERSION}),
            put({**head, **first_seen(alarm), **due(IncidentStatus.OPENED)}),
            *_sighting(alarm, incident.id),
            *(reported.recorded(alarm, incident.id) if reported else []),
            put(timeline_row(incident.id, IncidentStatus.OPENED, ACTOR, {"alarm": alarm.id, **after})),
        )
        return Admitted(Became.OPENED, incident.id, redelivered=False)

    def _join(self, alarm: Alarm, incident_id: str, reported: Reported | None) -> Admitted:
        incident = self._incidents.get(incident_id)
        still_open = check(key(incident.open_key, rows.OPEN), "incident_id = :id", id=incident_id)
        if alarm.kind is not AlarmKind.IN_ALARM:
            self._table.write(
                _remembered(alarm, Became.NOTED, incident_id=incident_id),
                still_open,
                put(timeline_row(incident_id, alarm.kind, ACTOR, {"alarm": alarm.id, "summary": alarm.summary})),
            )
            return Admitted(Became.NOTED, incident_id, redelivered=False)
        is_resend = incident.proven_at is not None and self._was_reported(alarm, incident_id)
        self._table.write(
            _remembered(alarm, Became.JOINED, incident_id=incident_id, is_resend=is_resend),
            still_open,
            *_sighting(alarm, incident_id, is_resend=is_resend),
            *(reported.recorded(alarm, incident_id) if reported else []),
            counted(incident, alarm),
        )
        return Admitted(Became.JOINED, incident_id, redelivered=False, is_resend=is_resend)

    def told_that_it_is_worse(self, incident: Incident) -> None:
        """Record that people were paged about the incident as severe as it was read; worse by now, they are not."""
        with suppress(ConditionFailed):
            self._table.write(told_that_it_is_worse(incident))

    def _was_reported(self, alarm: Alarm, incident_id: str) -> bool:
        # A row of its own, so that a storm of alarms does not have each one read all that came before it.
        return self._table.get(rows.of_incident(incident_id), rows.finding(alarm.finding_id)) is not None


def _already(row: Row, alarm: Alarm) -> Admitted | None:
    """Return what became of the alarm when it came before; None: it was ignored."""
    require_the_same(row, alarm)
    if "incident_id" not in row:
        return None
    return Admitted(Became(row["became"]), row["incident_id"], redelivered=True, is_resend=row.get("is_resend", False))


def _remembered(alarm: Alarm, became: Became, **facts: Any) -> Write:
    row = alarm_row(alarm.id, became, {**told_by(alarm), **facts})
    return put(row, condition="attribute_not_exists(pk) OR became = :rejected", rejected=Became.REJECTED)


def _sighting(alarm: Alarm, incident_id: str, *, is_resend: bool = False) -> list[Write]:
    """Return the writes that record an alarm of the incident, and the finding that it reports."""
    pk = rows.of_incident(incident_id)
    sighting = {"schema_version": SCHEMA_VERSION, "alarm": alarm.model_dump(mode="json"), "is_resend": is_resend}
    reported = {**key(pk, rows.finding(alarm.finding_id)), "schema_version": SCHEMA_VERSION}
    return [put({**key(pk, rows.sighting(alarm.id)), **sighting}), put(reported, condition=None)]


def _open_key(alarm: Alarm) -> str:
    """Return the key under which one incident at a time is open."""
    return rows.of_open(alarm.account, alarm.region, subject_of(alarm), alarm.playbook)


def _opened_by(alarm: Alarm) -> Incident:
    moment = clock.now()
    return Incident(
        id=incident_id_for(alarm),
        playbook=alarm.playbook,
        thing_name=alarm.thing_name,
        open_key=_open_key(alarm),
        attribution=alarm.attribution,
        requested_by=alarm.requested_by,
        status=IncidentStatus.OPENED,
        severity=alarm.severity,
        account=alarm.account,
        region=alarm.region,
        summary=alarm.summary,
        opened_by=alarm.id,
        opened_at=moment,
        alarm_raised_at=alarm.raised_at,
        alarm_received_at=alarm.received_at,
        updated_at=moment,
        sightings=1,
    )
