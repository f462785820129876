"""Parts of a result, of which only what a test sets matters."""

from __future__ import annotations

from cordon.model.incident import IncidentStatus

from playtest.result import EvidenceResult, IncidentResult


def incident(status: IncidentStatus, *, intact: bool = True) -> IncidentResult:
    """An incident of which only the status and the evidence matter."""
    return IncidentResult(
        id="inc-20261123-0000000000",
        status=status,
        playbook="contain_thing",
        mode="automatic",
        decision="automatic",
        containment="isolate",
        thing="pump-01",
        attribution=None,
        requested_by=None,
        outbreak=None,
        severity="high",
        sightings=1,
        summary="",
        states=[],
        changes=[],
        effects=[],
        gaps=[],
        legs=[],
        reasons=[],
        plan_hash=None,
        approval=None,
        policy_version=None,
        policy_hash=None,
        ticket=None,
        evidence=[EvidenceResult(key="a", sha256="b", intact=intact)],
        seconds_to_containment=None,
        seconds_to_proof=None,
    )
