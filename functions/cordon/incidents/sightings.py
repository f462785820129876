"""What an alarm that joins an incident changes of its head: how often it was seen, how surely, how bad, how lately.

Each of these only ever goes one way, and each write says from where it went on: whoever meets a faster writer finds the
condition false, and looks again. So alarms that come together end as they would one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cordon import clock
from cordon.incidents import rows
from cordon.incidents.record import due, stamp
from cordon.incidents.table import Row, Write, key, update
from cordon.model.alarm import Alarm, Attribution, Certainty
from cordon.model.incident import Incident, IncidentStatus

WITH_PEOPLE = frozenset({IncidentStatus.AWAITING_APPROVAL, IncidentStatus.ESCALATED, IncidentStatus.PARTIAL})
"""Statuses in which a person was paged, and has the incident."""
_SURE = {Certainty.UNKNOWN: 0, Certainty.INFERRED: 1, Certainty.STATED: 2, Certainty.PROVEN: 2}


@dataclass(frozen=True)
class _News:
    """Fields of the head that are to be set, under which condition, with which values in its places."""

    fields: Row
    condition: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def first_seen(alarm: Alarm) -> Row:
    """Return what the head of an incident that this alarm opens says beside what the alarm says itself."""
    sure = {"sure_severity": alarm.severity} if _is_sure(alarm.attribution) else {}
    return {"newest": alarm.id, "newest_at": stamp(believed(alarm)), **sure}


def believed(alarm: Alarm) -> datetime:
    """Return when the detector saw it, as far as its word goes: no later than the alarm reached us."""
    return min(alarm.raised_at, alarm.received_at)


def counted(incident: Incident, alarm: Alarm) -> Write:
    """Count one sighting more; an observed incident is to be assessed again, and may be claimed again for it."""
    news = [
        *_surer(incident, alarm),
        *_worse(incident, alarm),
        *_surely_worse(incident, alarm),
        *_newer(incident, alarm),
    ]
    is_observed = incident.status is IncidentStatus.OBSERVED
    # It must not have become observed, or ceased to be, since we looked.
    status = "#status = :observed" if is_observed else "#status <> :observed"
    fields: Row = {"updated_at": stamp(clock.now())}
    # Due, because nobody would miss a second assessment whose event was lost.
    fields |= {"reassess": True, **due(IncidentStatus.OPENED)} if is_observed else {}
    values: dict[str, Any] = {"observed": IncidentStatus.OBSERVED}
    for one in news:
        fields |= one.fields
        values |= one.values
    return update(
        key(rows.of_incident(incident.id), rows.HEAD),
        set_=fields,
        # Whatever its status: who claims it next, or ends it, sees that a person asked for it.
        set_once={"requested_by": alarm.requested_by} if alarm.requested_by else None,
        add={"sightings": 1},
        condition=" AND ".join([status, *(f"({one.condition})" for one in news if one.condition)]),
        **values,
    )


def told_that_it_is_worse(incident: Incident) -> Write:
    """Return the write that records that people know the incident to be as severe as it was read."""
    return update(
        key(rows.of_incident(incident.id), rows.HEAD),
        set_={"worse": False},
        condition="severity = :told",
        told=incident.severity,
    )


def _is_sure(attribution: Attribution | None) -> bool:
    return attribution is None or attribution.is_sure


def _ties_surely(alarm: Alarm, incident: Incident) -> bool:
    return alarm.thing_name == incident.thing_name and _is_sure(alarm.attribution)


def _surer(incident: Incident, alarm: Alarm) -> Iterator[_News]:
    """Yield the alarm's attribution where it ties the incident's thing more surely than what opened the incident.

    Else a forged finding could keep a real one from being answered. How old it is counts from that alarm on.
    """
    if not _is_surer(incident, alarm) or incident.attribution is None or alarm.attribution is None:
        return
    yield _News(
        {
            "attribution": alarm.attribution.model_dump(mode="json"),
            "newest": alarm.id,
            "newest_at": stamp(believed(alarm)),
        },
        "#attribution.#certainty = :was_certain",
        {"was_certain": incident.attribution.certainty},
    )


def _is_surer(incident: Incident, alarm: Alarm) -> bool:
    if incident.attribution is None or alarm.attribution is None or alarm.thing_name != incident.thing_name:
        return False
    return _SURE[alarm.attribution.certainty] > _SURE[incident.attribution.certainty]


def _worse(incident: Incident, alarm: Alarm) -> Iterator[_News]:
    """Yield the alarm's severity where it is worse than any before; whoever has the incident is to be told so.

    Else a harmless finding could keep a later one from being answered, and from being heard of.
    """
    if not alarm.severity.is_worse_than(incident.severity):
        return
    untold = {"worse": True} if incident.status in WITH_PEOPLE else {}
    yield _News(
        {"severity": alarm.severity, **untold},
        "severity = :was_severe AND #status = :was_status",
        {"was_severe": incident.severity, "was_status": incident.status},
    )


def _surely_worse(incident: Incident, alarm: Alarm) -> Iterator[_News]:
    """Yield the worst severity of what is surely about the thing, so that a guess never says how far Cordon may go."""
    was = incident.surely_severe
    own = alarm.severity if _ties_surely(alarm, incident) else None
    now = own if own and (was is None or own.is_worse_than(was)) else was
    if now is None or now == incident.sure_severity:
        return
    condition = "attribute_not_exists(sure_severity)" if incident.sure_severity is None else "sure_severity = :was_sure"
    values = {"was_sure": incident.sure_severity} if incident.sure_severity else {}
    yield _News({"sure_severity": now}, condition, values)


def _newer(incident: Incident, alarm: Alarm) -> Iterator[_News]:
    """Yield that the alarm is the newest; one that is tied less surely than the incident says nothing of its age."""
    if _is_surer(incident, alarm) or (_is_sure(incident.attribution) and not _ties_surely(alarm, incident)):
        return
    at = believed(alarm)
    if at < incident.last_seen_at:
        return
    values = {"seen_at": stamp(at)}
    yield _News(
        {"newest": alarm.id, "newest_at": stamp(at)}, "attribute_not_exists(newest_at) OR newest_at <= :seen_at", values
    )
