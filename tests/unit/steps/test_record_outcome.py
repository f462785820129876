from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cordon.errors import NotTheClaimant, RecordBusy
from cordon.incidents import rows
from cordon.incidents.bus import Bus
from cordon.incidents.locks import take_lock
from cordon.model.incident import Incident, IncidentStatus
from cordon.steps.record_outcome import record_outcome
from cordon.steps.step import StepRequest

from ..conftest import ME, OTHER, THING, Bed, an_alarm
from .doubles import Told

S = IncidentStatus
LEG = {"resource": "connection/pump-01", "reason": "seen"}
ABSENT, UNKNOWN = LEG | {"outcome": "absent"}, LEG | {"outcome": "unknown"}


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


def run_through(bed: Bed, **head: object) -> Incident:
    """Return an incident whose playbook has just run through, with the thing's lock taken."""
    incident = bed.claim(bed.opened(id="a1").id)
    take_lock(bed.table, THING, incident_id=incident.id, execution=ME)
    bed.set_head(incident.id, **head)
    return bed.incidents.get(incident.id)


def proven(bed: Bed) -> Incident:
    """Return one that is proven to be contained, ten minutes after its alarm."""
    bed.clock.advance(minutes=10)
    return run_through(bed, decision="automatic", proven_at=bed.clock.now().isoformat(), legs=[ABSENT])


def outcome(bed: Bed, incident: Incident, execution: str = ME) -> tuple[S, list[str]]:
    """Record the outcome; return the status that the playbook hears of, and what was announced."""
    aws: Any = Told()
    request = StepRequest(incident_id=incident.id, execution=execution, state="RecordOutcome")
    result = record_outcome(request, bed.incidents, Bus(aws, "cordon"))
    return result.status, aws.announced


def sighted_after(bed: Bed, alarm_id: str, seconds: int) -> None:
    """Let a sighting arrive that is dated so many seconds after now."""
    at = bed.clock.now() + timedelta(seconds=seconds)
    bed.admission.admit(an_alarm(id=alarm_id, raised_at=at, received_at=at))


@pytest.mark.parametrize(
    ("head", "status", "event"),
    [
        ({"decision": "observe"}, S.OBSERVED, "Incident Observed"),
        ({"decision": "automatic", "proven_at": None, "legs": [ABSENT]}, S.PARTIAL, "Incident Escalated"),
        ({"decision": "automatic", "proven_at": "2026-11-02T12:09:00Z", "legs": [UNKNOWN]}, S.PARTIAL, None),
        ({"decision": "automatic", "proven_at": "2026-11-02T12:09:00Z", "legs": [ABSENT]}, S.CONTAINED, None),
    ],
)
def test_the_record_says_what_the_run_has_earned(
    bed: Bed, head: dict[str, object], status: S, event: str | None
) -> None:
    """Not the execution: only a proof with every leg cut is contained. It is announced once, and the lock freed."""
    incident = run_through(bed, **head)
    recorded, announced = outcome(bed, incident)
    assert (recorded, bed.incidents.get(incident.id).status) == (status, status)
    assert len(announced) == 1
    assert event is None or announced == [event]
    assert bed.rows(rows.of_lock(THING)) == []


def test_a_step_that_runs_again_records_the_same(bed: Bed) -> None:
    """It may have died before its event, so that is announced again; the status moves once."""
    incident = proven(bed)
    assert outcome(bed, incident) == outcome(bed, incident) == (S.CONTAINED, ["Incident Contained"])
    moves = [row["what"] for row in bed.rows(rows.of_incident(incident.id), "TIMELINE#")]
    assert moves.count(S.CONTAINED) == 1


def test_an_incident_that_was_taken_away_is_not_recorded(bed: Bed) -> None:
    """Whoever has it says how it ended."""
    incident = proven(bed)
    with pytest.raises(NotTheClaimant):
        outcome(bed, incident, OTHER)
    assert bed.incidents.get(incident.id).status is S.RESPONDING


def test_a_sighting_that_came_between_proof_and_status_questions_the_containment(bed: Bed) -> None:
    """Triage found the incident responding and left it to us: one question for all of them."""
    incident = proven(bed)
    sighted_after(bed, "a2", 1)
    sighted_after(bed, "a3", 2)
    assert outcome(bed, incident) == (S.CONTAINED, ["Incident Contained", "Containment Questioned"])
    assert bed.incidents.get(incident.id).questioned


def test_a_late_question_is_announced_again_by_a_step_that_runs_again(bed: Bed) -> None:
    """It may have died between the question and its event, and nobody else would ask."""
    incident = proven(bed)
    sighted_after(bed, "a2", 1)
    assert outcome(bed, incident) == outcome(bed, incident)


@pytest.mark.parametrize("seconds", [-60, 0])
def test_a_sighting_from_before_the_proof_questions_nothing(bed: Bed, seconds: int) -> None:
    """What it tells was answered."""
    incident = proven(bed)
    sighted_after(bed, "a2", seconds)
    assert outcome(bed, incident) == (S.CONTAINED, ["Incident Contained"])


def test_a_partial_containment_is_not_questioned(bed: Bed) -> None:
    """A person has it already."""
    incident = proven(bed)
    bed.set_head(incident.id, legs=[UNKNOWN])
    sighted_after(bed, "a2", 1)
    assert outcome(bed, incident) == (S.PARTIAL, ["Incident Escalated"])


BEN = "arn:aws:iam::123456789012:user/ben"


def test_a_request_at_the_moment_of_the_end_is_not_lost(bed: Bed) -> None:
    """It joins after the outcome was read and before it is written: the step tries again, and sees it."""
    seen = run_through(bed, decision="observe")
    bed.admission.admit(an_alarm(id="asked", finding_id="asked", requested_by=BEN))
    with pytest.raises(RecordBusy):
        bed.incidents.move(seen, S.OBSERVED, ME)
    assert bed.incidents.get(seen.id).status is S.RESPONDING
    status, announced = outcome(bed, seen)
    assert (status, announced) == (S.OBSERVED, ["Incident Observed", "Incident Opened"])
    after = bed.incidents.get(seen.id)
    assert (after.reassess, after.requested_by) == (True, BEN)
    bed.clock.advance(minutes=6)
    assert bed.incidents.still_due(bed.rows(rows.of_incident(seen.id), rows.HEAD)[0]) is not None


def test_an_outcome_that_dies_when_all_is_done_finds_it_done(bed: Bed) -> None:
    """Another execution has the incident by then, because a person asked: no failure, nothing announced again."""
    seen = run_through(bed, decision="observe", requested_by=BEN)
    outcome(bed, seen)
    bed.claim(seen.id, OTHER)
    before = bed.everything()
    assert outcome(bed, seen) == (S.OBSERVED, [])
    assert bed.everything() == before
