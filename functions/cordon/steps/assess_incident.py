"""Look at the thing before anything is changed: keep its capsule, make the plan, decide how far to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime

from cordon import clients, clock
from cordon.incidents.evidence import Evidence
from cordon.incidents.ledger import Ledger
from cordon.incidents.locks import free_lock, take_lock
from cordon.incidents.record import Incidents
from cordon.model.alarm import Alarm
from cordon.model.change import Plan
from cordon.model.evidence import EvidenceRef
from cordon.model.incident import Decision, Incident, Mode
from cordon.model.response_policy import Outbreaks as OutbreakRules
from cordon.model.response_policy import ResponsePolicy
from cordon.model.thing import ThingFacts
from cordon.response.assessment import Assessor, Outlook
from cordon.response.budget import reserve_for
from cordon.response.clock_skew import skew
from cordon.response.judgement import Assessment, judge
from cordon.response.manifest import keep_sightings
from cordon.response.modes import of_playbook
from cordon.response.outbreaks import Outbreaks
from cordon.response.policy_store import Policies
from cordon.steps.step import StepRequest, StepResult, assessor, bus, evidence, incidents, policies, step


class AssessmentRequest(StepRequest):
    """Which incident, and when Step Functions entered the state, by its own clock."""

    entered_at: AwareDatetime


class AssessmentResult(StepResult):
    """The decision, for the playbook's Choice, its reasons for a person, and how long an approval may take."""

    decision: Decision
    reasons: list[str]
    approval_seconds: int


@dataclass(frozen=True)
class Assessing:
    """Everything that an assessment reads and writes."""

    incidents: Incidents
    evidence: Evidence
    policies: Policies
    assessor: Assessor

    def assess(self, request: AssessmentRequest) -> AssessmentResult:
        """Assess the incident for the execution that has claimed it, once: run again, it finds what it decided.

        Raises:
            LockHeld: another execution is changing the thing; only an automatic answer needs the lock.
            NotTheClaimant: the incident is not this execution's.
        """
        incident = self.incidents.claimed(request.incident_id, request.execution)
        in_force = self.policies.in_force()
        seconds = 60 * of_playbook(in_force.policy, incident.playbook).approval_minutes
        if incident.assessed_by == request.execution and incident.decision:
            return AssessmentResult(decision=incident.decision, reasons=incident.reasons, approval_seconds=seconds)
        if _may_act(in_force.policy, incident):
            # Taken before the facts are read: a plan is only as good as the quiet around it.
            take_lock(self.incidents.table, incident.thing, incident_id=incident.id, execution=request.execution)
        opening = self.incidents.sighting(incident.id, incident.opened_by)
        outlook = self.assessor.look(incident, opening, in_force)
        assessment = self._decide(incident, opening, outlook, skew(request.entered_at, clock.now()))
        self._record(request, incident, opening, outlook, assessment)
        if assessment.decision is not Decision.AUTOMATIC:
            free_lock(self.incidents.table, incident.subject, execution=request.execution)
        return AssessmentResult(decision=assessment.decision, reasons=assessment.reasons, approval_seconds=seconds)

    def _decide(
        self, incident: Incident, opening: Alarm | None, outlook: Outlook, clock_trouble: list[str]
    ) -> Assessment:
        assessment = judge(outlook.mode, outlook.blockers, [*clock_trouble, *outlook.questions])
        if assessment.decision is Decision.OBSERVE:
            return assessment
        outbreak = self._outbreak(incident, opening, outlook)
        if assessment.decision is Decision.AUTOMATIC:
            full = reserve_for(outlook, incident.id, self.incidents.table, clients.iot())
            assessment = judge(outlook.mode, [], full) if full else assessment
        if outbreak and assessment.decision is not Decision.AUTOMATIC:
            # A person has the whole outbreak already: a request for each of its things would only bury it.
            return Assessment(Decision.OUTBREAK, [f"it is part of outbreak {outbreak}", *assessment.reasons])
        return assessment

    def _outbreak(self, incident: Incident, opening: Alarm | None, outlook: Outlook) -> str | None:
        rules = outlook.in_force.policy.outbreaks if outlook.in_force.policy else OutbreakRules()
        return Outbreaks(self.incidents, rules, bus()).attach(incident, outlook.thing, opening) if opening else None

    def _record(
        self,
        request: AssessmentRequest,
        incident: Incident,
        opening: Alarm | None,
        outlook: Outlook,
        assessment: Assessment,
    ) -> None:
        """Keep the evidence before any change, and record plan and decision with the policy that they go by."""
        capsule = self._keep(incident, opening, outlook.thing, outlook.plan)
        if assessment.decision is not Decision.AUTOMATIC:  # an automatic answer enters them with its proof
            keep_sightings(incident, self.incidents, self.evidence)
        Ledger(self.incidents, incident.id, request.execution).record_plan(
            outlook.plan,
            mode=outlook.mode,
            decision=assessment.decision,
            reasons=assessment.reasons,
            capsule=capsule,
            criticality=outlook.thing.criticality if outlook.thing else None,
            containment=outlook.containment,
            policy_version=outlook.in_force.version,
            policy_hash=outlook.in_force.hash,
        )

    def _keep(
        self, incident: Incident, opening: Alarm | None, thing: ThingFacts | None, plan: Plan
    ) -> EvidenceRef | None:
        """Keep the raw alarm's reference, the capsule and the plan in the evidence, before any change."""
        capsule = self._capsule(thing)
        kept = self.evidence.keep_piece(incident.id, "capsule", capsule) if capsule else None
        planned = self.evidence.keep_piece(incident.id, "plan", plan.model_dump(mode="json"))
        raw = opening.raw if opening else None
        self.evidence.enter(incident.id, *(ref for ref in (raw, kept, planned) if ref))
        return kept

    def _capsule(self, thing: ThingFacts | None) -> dict[str, Any] | None:
        # Without the moment, which the chain's entry has: run again, the step keeps the same capsule, not another one.
        return {"thing": thing.model_dump(mode="json")} if thing else None


def _may_act(policy: ResponsePolicy | None, incident: Incident) -> bool:
    """Say whether any answer to this incident could be automatic."""
    return incident.thing_name is not None and of_playbook(policy, incident.playbook).mode is Mode.AUTOMATIC


@step(AssessmentRequest)
def lambda_handler(request: AssessmentRequest) -> AssessmentResult:
    """Assess the incident."""
    return Assessing(incidents(), evidence(), policies(), assessor()).assess(request)
