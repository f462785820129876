"""One incident of the record as the playtest's result tells it."""

from __future__ import annotations

from datetime import datetime

from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.model.alarm import AlarmKind
from cordon.model.approval import ApprovalRequest
from cordon.model.change import ChangeStatus, EffectRecord, LedgerEntry
from cordon.model.incident import Incident

from playtest.result import (
    ApprovalResult,
    ChangeResult,
    DecisionResult,
    EffectResult,
    EvidenceResult,
    IncidentResult,
    TicketResult,
)
from playtest.run.record import Record

_CLEARED = frozenset({AlarmKind.ALARM_CLEARED, AlarmKind.ALARM_INVALIDATED})
_APPLIED = frozenset({ChangeStatus.APPLIED, ChangeStatus.VERIFIED})
_VERIFIED = frozenset({ChangeStatus.FOUND, ChangeStatus.VERIFIED})


def incident_result(incident: Incident, record: Record) -> IncidentResult:
    """Return the incident with everything that the record holds of it."""
    return IncidentResult(
        id=incident.id,
        status=incident.status,
        playbook=incident.playbook,
        mode=incident.mode,
        decision=incident.decision,
        containment=incident.containment,
        thing=incident.subject,
        attribution=incident.attribution,
        requested_by=incident.requested_by,
        outbreak=incident.outbreak,
        severity=incident.severity,
        sightings=incident.sightings,
        summary=incident.summary,
        states=list(record.states_of(incident.id)),
        changes=[_change(parsed(LedgerEntry, row)) for row in record.of_incident(incident.id, "CHANGE#")],
        effects=_effects(incident, record),
        gaps=incident.plan_gaps,
        legs=incident.legs,
        reasons=incident.reasons,
        plan_hash=incident.plan_hash,
        approval=_approval(incident, record),
        policy_version=incident.policy_version,
        policy_hash=incident.policy_hash,
        ticket=_ticket(incident, record),
        evidence=_evidence(incident, record),
        seconds_to_containment=_seconds(incident, incident.first_contained_at),
        seconds_to_proof=_seconds(incident, incident.proven_at),
    )


def _approval(incident: Incident, record: Record) -> ApprovalResult | None:
    """Return the request without its task token: whoever has that can resume the execution."""
    found = [parsed(ApprovalRequest, row) for row in record.of_incident(incident.id, rows.APPROVAL)]
    if not found:
        return None
    (request,) = found
    return ApprovalResult(
        status=request.status,
        plan_hash=request.plan_hash,
        requested_at=request.requested_at,
        expires_at=request.answer_until,
        identities_needed=request.identities_needed,
        requested_by=request.requested_by,
        cleared_at=_cleared_at(incident, record),
        decisions=[
            DecisionResult(
                identity=one.identity, user_arn=one.user_arn, verdict=one.verdict, at=one.at, reason=one.reason
            )
            for one in request.decisions
        ],
        became=request.answer,
        reasons=request.answer_reasons,
    )


def _cleared_at(incident: Incident, record: Record) -> datetime | None:
    notes = [row for row in record.of_incident(incident.id, "TIMELINE#") if row["what"] in _CLEARED]
    return datetime.fromisoformat(notes[-1]["at"]) if notes else None


def _change(entry: LedgerEntry) -> ChangeResult:
    change = entry.change
    return ChangeResult(
        action=change.action,
        resource=change.resource,
        before=change.before,
        after=change.after,
        applied=entry.status in _APPLIED,
        verified=entry.status in _VERIFIED,
        reversible=change.reversible,
        status=entry.status,
    )


def _effects(incident: Incident, record: Record) -> list[EffectResult]:
    """Return the effects that were brought about; where none was, those that are planned."""
    done = [parsed(EffectRecord, row) for row in record.of_incident(incident.id, "EFFECT#")]
    if not done:
        return [EffectResult(action=one.action, resource=one.resource, outcome=None) for one in incident.plan_effects]
    return [EffectResult(action=one.effect.action, resource=one.effect.resource, outcome=one.outcome) for one in done]


def _ticket(incident: Incident, record: Record) -> TicketResult | None:
    found = [row for row in record.of_incident(incident.id, rows.TICKET) if row["sk"] == rows.TICKET]
    if not found:
        return None
    system, ticket_id = str(found[0]["system"]), found[0].get("ticket_id")
    if ticket_id is None:
        return TicketResult(system=system, id=None)
    item = record.ops_item(ticket_id)
    data = {name: str(datum["Value"]) for name, datum in item.get("OperationalData", {}).items()}
    return TicketResult(system=system, id=ticket_id, title=item["Title"], description=item["Description"], data=data)


def _evidence(incident: Incident, record: Record) -> list[EvidenceResult]:
    chain = record.of_incident(incident.id, f"{rows.EVIDENCE_HEAD}#")
    return [
        EvidenceResult(key=row["key"], sha256=row["sha256"], intact=record.sha256(row["key"]) == row["sha256"])
        for row in chain
    ]


def _seconds(incident: Incident, moment: datetime | None) -> float | None:
    return round((moment - incident.alarm_received_at).total_seconds(), 3) if moment else None
