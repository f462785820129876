"""Incidents that have something in common become one outbreak before a person, and are attached to it.

What they may have in common comes in a fixed order, so that all who assess the same storm meet at the same key. Each
first records that it belongs to the key and then counts: of those that cross the threshold together at least one sees
all of them. The row that declares an outbreak holds the whole alarm that opens its incident, so that whoever comes next
can finish what a declarer left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime

from cordon import clock
from cordon.errors import IncidentNotFound
from cordon.incidents import rows
from cordon.incidents.admission import Admission, incident_id_for
from cordon.incidents.bus import Bus
from cordon.incidents.record import Incidents, parsed, stamp
from cordon.incidents.table import ConditionFailed, Row, key, put, update
from cordon.model.alarm import DESK, Alarm, Severity
from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.outbreak import Member
from cordon.model.response_policy import Outbreaks as OutbreakRules
from cordon.model.thing import ThingFacts
from cordon.response.likeness import Common, in_common, opening_alarm
from cordon.tickets.tickets import want

_OVER = frozenset({IncidentStatus.CLOSED, IncidentStatus.STOOD_DOWN})
_AT_ONCE = 200
"""Incidents that may be assessed at the same moment: so many more than the threshold are looked at for those that came
before the outbreak, and are attached when it is declared."""
_CLAIMED_WITHIN = timedelta(minutes=1)
_NOTED_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=30)


class Declared(Word):
    """An outbreak as its key's row has it. `last_at` is when an incident came to it last, to the minute."""

    incident_id: str
    alarm: Alarm
    declared_by: str
    last_at: AwareDatetime


class Outbreaks:
    """The outbreaks, over the record."""

    def __init__(self, incidents: Incidents, rules: OutbreakRules, bus: Bus) -> None:
        """Go by `rules`, and announce the incident of a new outbreak on `bus`."""
        self._incidents, self._table, self._rules, self._bus = incidents, incidents.table, rules, bus

    def attach(self, incident: Incident, thing: ThingFacts | None, opening: Alarm) -> str | None:
        """Attach the incident to the outbreak that it is part of, and return the outbreak's id; None: to none.

        It may die between any two lines: run again it ends the same. An incident is attached to one outbreak at most,
        and what a person asked for to none.

        Raises:
            RecordBusy: other writers were in the way; run again.
        """
        if incident.requested_by or opening.source == DESK:
            return None  # also of the outbreak that it was part of before somebody asked
        if incident.outbreak:
            return self._once_more(incident)
        commons = in_common(self._rules, incident, thing, opening)
        for common in commons:
            if declared := self._open(common):
                return self._join(incident, common, declared)
        self._remember(incident, commons)
        for common in commons:
            # More than the threshold, because a thing may have several.
            members = self._members(common, 2 * common.rule.things)
            if len({member.thing or member.incident_id for member in members}) >= common.rule.things:
                return self._declare(incident, common, members)
        return None

    def _once_more(self, incident: Incident) -> str | None:
        """Return the outbreak that the incident is attached to, unless it is over: then it is before nobody."""
        outbreak = self._incidents.get(incident.outbreak or "")
        if outbreak.status in _OVER:
            return None
        want(self._table, outbreak.id)
        return outbreak.id

    def _open(self, common: Common) -> Declared | None:
        """Return the outbreak that is open for a key."""
        declared = self._declared(common)
        return declared if declared and self._is_open(declared, common) else None

    def _declared(self, common: Common) -> Declared | None:
        row = self._table.get(rows.of_outbreak(common.key), rows.OUTBREAK)
        return parsed(Declared, row) if row else None

    def _is_open(self, declared: Declared, common: Common) -> bool:
        """Say whether the outbreak takes more incidents: not once it is over, nor when none came for a whole window."""
        if clock.now() - declared.last_at > _window(common):
            return False
        return self._incident_of(declared).status not in _OVER

    def _incident_of(self, declared: Declared) -> Incident:
        """Return the outbreak's incident, opened now if its declarer died before."""
        try:
            return self._incidents.get(declared.incident_id)
        except IncidentNotFound:
            with contextlib.suppress(ConditionFailed):  # another finishes it at this moment
                Admission(self._incidents).open(declared.alarm)
            return self._incidents.get(declared.incident_id)

    def _remember(self, incident: Incident, commons: list[Common]) -> None:
        """Record that the incident belongs to these keys; a second time it writes the same."""
        if commons:
            self._table.write(*(put(_member_row(common, incident), condition=None) for common in commons))

    def _members(self, common: Common, most: int) -> list[Member]:
        """Return the incidents of a key within its window, the last ones first, and no more than `most`."""
        since = stamp(clock.now() - _window(common))
        newest = self._table.newest(
            rows.of_outbreak(common.key), rows.member(since, ""), f"{rows.MEMBERS}~", limit=most
        )
        return [parsed(Member, row) for row in newest]

    def _declare(self, incident: Incident, common: Common, members: list[Member]) -> str | None:
        """Declare the outbreak, or find that another has just done so."""
        before = self._declared(common)
        if before and self._is_open(before, common):
            return self._join(incident, common, before)
        alarm = opening_alarm(common, incident, [member.severity for member in members], clock.now())
        declared = Declared(
            incident_id=incident_id_for(alarm), alarm=alarm, declared_by=incident.id, last_at=alarm.raised_at
        )
        row = key(rows.of_outbreak(common.key), rows.OUTBREAK) | declared.model_dump(mode="json") | _lasting()
        row["last_at"] = stamp(declared.last_at)
        condition = "attribute_not_exists(pk) OR incident_id = :before"
        try:
            self._table.write(put(row, condition=condition, before=before.incident_id if before else ""))
        except ConditionFailed:
            found = self._open(common)
            return self._join(incident, common, found) if found else None
        return self._join(incident, common, declared)

    def _join(self, incident: Incident, common: Common, declared: Declared) -> str | None:
        """Attach the incident. The declarer first announces the outbreak, and attaches who came before.

        Where he died, and nobody has claimed it after a while, whoever comes announces it.
        """
        outbreak = self._incident_of(declared)
        is_own = declared.declared_by == incident.id
        if outbreak.status is IncidentStatus.OPENED and (is_own or clock.now() - outbreak.opened_at > _CLAIMED_WITHIN):
            self._bus.announce(outbreak)  # to say it twice is harmless: a claim is won once
        if is_own:
            for member in self._members(common, common.rule.things + _AT_ONCE):
                if member.incident_id != incident.id:
                    self._take_in(member, declared)
        own = _member(incident)
        self._take_in(own, declared)
        self._make_as_severe(outbreak, own.severity)
        self._note(common, declared)
        want(self._table, outbreak.id)
        return self._incidents.get(incident.id).outbreak

    def _take_in(self, member: Member, declared: Declared) -> None:
        """Attach an incident to the outbreak, unless it is attached to one."""
        attached = key(rows.of_incident(declared.incident_id), rows.attached(member.incident_id))
        row = {**attached, **member.model_dump(mode="json"), "schema_version": SCHEMA_VERSION}
        try:
            self._table.write(
                update(
                    key(rows.of_incident(member.incident_id), rows.HEAD),
                    set_={"outbreak": declared.incident_id},
                    condition="attribute_exists(pk) AND attribute_not_exists(outbreak)",
                ),
                put(row, condition=None),
            )
        except ConditionFailed:
            return

    def _make_as_severe(self, outbreak: Incident, severity: Severity) -> None:
        """Let the outbreak be as severe as its worst incident."""
        milder = list(Severity)[: list(Severity).index(severity)]
        if outbreak.severity not in milder:
            return
        names = {f"milder_{number}": one for number, one in enumerate(milder)}
        row_key = key(rows.of_incident(outbreak.id), rows.HEAD)
        condition = f"severity IN ({', '.join(f':{name}' for name in names)})"
        self._try(row_key, {"severity": severity}, condition, **names)

    def _note(self, common: Common, declared: Declared) -> None:
        """Note that an incident came to the outbreak; once a minute, or all would write the same row."""
        now = clock.now()
        if now - declared.last_at >= _NOTED_EVERY:
            row_key = key(rows.of_outbreak(common.key), rows.OUTBREAK)
            this = "incident_id = :id AND last_at < :now"
            self._try(row_key, {"last_at": stamp(now)}, this, id=declared.incident_id, now=stamp(now))

    def _try(self, row_key: dict[str, str], fields: Row, condition: str, **values: Any) -> None:
        try:
            self._table.write(update(row_key, set_=fields, condition=condition, **values))
        except ConditionFailed:
            return  # another has written at least as much


def attached_to(incidents: Incidents, outbreak_id: str) -> Iterator[Member]:
    """Yield the incidents that are part of the outbreak, in the order of their ids."""
    return (parsed(Member, row) for row in incidents.rows_of(outbreak_id, rows.ATTACHED))


def count_attached(incidents: Incidents, outbreak_id: str) -> None:
    """Let the outbreak's sightings be the incidents that it has; counted by each that comes, all would meet there."""
    count = sum(1 for _ in attached_to(incidents, outbreak_id))
    incidents.table.write(update(key(rows.of_incident(outbreak_id), rows.HEAD), set_={"sightings": max(1, count)}))


def _member(incident: Incident) -> Member:
    return Member(incident_id=incident.id, thing=incident.thing_name, severity=incident.severity)


def _member_row(common: Common, incident: Incident) -> Row:
    row_key = key(rows.of_outbreak(common.key), rows.member(stamp(incident.opened_at), incident.id))
    return {**row_key, **_member(incident).model_dump(mode="json"), **_lasting()}


def _lasting() -> Row:
    expires_at: datetime = clock.now() + _KEPT
    return {"schema_version": SCHEMA_VERSION, "expires_at": int(expires_at.timestamp())}


def _window(common: Common) -> timedelta:
    return timedelta(minutes=common.rule.window_minutes)
