"""Record how the run ended: status, event on the bus, lock freed."""

from __future__ import annotations

from cordon import clock
from cordon.errors import NotTheClaimant
from cordon.incidents.bus import CONTAINMENT_QUESTIONED, Bus
from cordon.incidents.locks import free_lock
from cordon.incidents.record import DUE_AFTER, Incidents
from cordon.model.incident import DETAIL_TYPE, Incident, IncidentStatus
from cordon.observability import count, measure_seconds
from cordon.response.outcome import outcome_of
from cordon.steps.step import StepRequest, StepResult, bus, incidents, step


class OutcomeResult(StepResult):
    """The status that the run has earned, for the playbook's last Choice."""

    status: IncidentStatus


def record_outcome(request: StepRequest, record: Incidents, events: Bus) -> OutcomeResult:
    """Move the incident to the status that the record shows it has earned, whatever the execution says.

    Raises:
        NotTheClaimant: another execution has the incident.
    """
    incident = record.get(request.incident_id)
    if incident.claimed_by != request.execution:
        if record.was_moved(incident.id, IncidentStatus.OBSERVED, request.execution):
            return OutcomeResult(status=IncidentStatus.OBSERVED)  # died once all was done, and it is assessed again
        raise NotTheClaimant(f"{incident.id} is claimed by {incident.claimed_by}")
    if incident.status is IncidentStatus.RESPONDING:
        # A partial containment is paged by the state that follows.
        incident = _ended(record, incident, request.execution)
        measure(incident)
    free_lock(record.table, incident.subject, execution=request.execution)
    events.announce(incident)
    if incident.reassess and incident.status is IncidentStatus.OBSERVED:
        events.announce(incident, DETAIL_TYPE[IncidentStatus.OPENED])  # a claim is won once, however often it is said
    if came_after_proof(record, incident) and (record.question(incident) or incident.questioned):
        events.announce(incident, CONTAINMENT_QUESTIONED)
    return OutcomeResult(status=incident.status)


def _ended(record: Incidents, incident: Incident, execution: str) -> Incident:
    """Move the incident to the status that it has earned.

    What a person asks for is never only observed, so that one who did has asked after the assessment: it is made anew.
    """
    to = outcome_of(incident)
    if to is not IncidentStatus.OBSERVED or incident.requested_by is None:
        return record.move(incident, to, execution)
    by_then = clock.now() + DUE_AFTER[IncidentStatus.OPENED]
    return record.move(incident, to, execution, due_at=by_then, reassess=True)


def came_after_proof(record: Incidents, incident: Incident) -> bool:
    """Say whether an alarm is dated after the proof: triage leaves those to us that come before the status says so."""
    if incident.status is not IncidentStatus.CONTAINED or incident.proven_at is None:
        return False
    return any(alarm.is_dated_after(incident.proven_at) for alarm, _ in record.sightings(incident.id))


def measure(incident: Incident) -> None:
    """Count the outcome, and the seconds from the alarm's arrival to the first containment call and to the proof."""
    count(f"Incident{incident.status.title()}")
    if incident.first_contained_at:
        waited = incident.first_contained_at - incident.alarm_received_at
        measure_seconds("SecondsToContain", waited.total_seconds())
    if incident.status is IncidentStatus.CONTAINED:
        measure_seconds("SecondsToProof", (clock.now() - incident.alarm_received_at).total_seconds())


@step(StepRequest)
def lambda_handler(request: StepRequest) -> OutcomeResult:
    """Record the outcome."""
    return record_outcome(request, incidents(), bus())
