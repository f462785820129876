"""Look at the thing before anything is changed: keep its capsule, make the plan, decide how far to go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cordon import clients, clock, settings
from cordon.errors import PlanUnworkable
from cordon.incidents.evidence import Evidence
from cordon.incidents.ledger import Ledger
from cordon.incidents.locks import take_lock
from cordon.incidents.record import Incidents
from cordon.model.alarm import Alarm
from cordon.model.change import Plan
from cordon.model.evidence import EvidenceRef
from cordon.model.incident import Decision, Incident, Mode
from cordon.model.text import quoted
from cordon.model.thing import ThingFacts
from cordon.response.budget import Budget
from cordon.response.containment import ContainmentPlanner
from cordon.response.judgement import Assessment, hits_others, judge, not_ours_alone, too_old
from cordon.response.manifest import keep_sightings
from cordon.settings import Settings
from cordon.steps.step import StepRequest, StepResult, evidence, incidents, step, things
from cordon.things.facts import ThingReader


class AssessmentResult(StepResult):
    """The decision, for the playbook's Choice, and its reasons for a person."""

    decision: Decision
    reasons: list[str]


@dataclass(frozen=True)
class Assessor:
    """Everything that an assessment reads and writes."""

    incidents: Incidents
    evidence: Evidence
    things: ThingReader
    planner: ContainmentPlanner
    budget: Budget
    settings: Settings

    def assess(self, request: StepRequest) -> AssessmentResult:
        """Assess the incident for the execution that has claimed it, once: run again, it finds what it decided.

        Raises:
            LockHeld: another execution is changing the thing; only automatic mode needs the lock.
            NotTheClaimant: the incident is not this execution's.
        """
        incident = self.incidents.claimed(request.incident_id, request.execution)
        if incident.assessed_by == request.execution and incident.decision:
            return AssessmentResult(decision=incident.decision, reasons=incident.reasons)
        if self.settings.mode is Mode.AUTOMATIC:
            # Taken before the facts are read: a plan is only as good as the quiet around it.
            take_lock(self.incidents.table, incident.subject, incident_id=incident.id, execution=request.execution)
        thing = self.things.read(incident.thing_name) if incident.thing_name else None
        plan, reasons = self._plan(thing, incident)
        opening = self.incidents.sighting(incident.id, incident.opened_by)
        if opening and opening.disputed:
            reasons.append("a person has marked its finding a false positive")
        assessment = self._decide(incident, plan, reasons)
        capsule = self._keep(incident, opening, thing, plan)
        if assessment.decision is not Decision.AUTOMATIC:  # an automatic answer enters them with its proof
            keep_sightings(incident, self.incidents, self.evidence)
        Ledger(self.incidents, incident.id, request.execution).record_plan(
            plan,
            mode=self.settings.mode,
            decision=assessment.decision,
            reasons=assessment.reasons,
            capsule=capsule,
        )
        return AssessmentResult(decision=assessment.decision, reasons=assessment.reasons)

    def _plan(self, thing: ThingFacts | None, incident: Incident) -> tuple[Plan, list[str]]:
        """Return the plan, and every reason why a person should decide about it."""
        old = too_old(incident, clock.now(), timedelta(hours=self.settings.alarm_max_age_hours))
        if incident.account != self.settings.account_id:
            return Plan(), [f"the alarm is about account {quoted(incident.account)}, which is not this one", *old]
        if thing is None:
            return Plan(), [f"AWS IoT has no thing {incident.thing_name}", *old]
        try:
            plan = self.planner.plan(thing, incident.id)
        except PlanUnworkable as error:
            return Plan(), [str(error), *not_ours_alone(thing), *old]
        return plan, list(dict.fromkeys([*not_ours_alone(thing), *hits_others(plan, thing), *old]))

    def _decide(self, incident: Incident, plan: Plan, reasons: list[str]) -> Assessment:
        assessment = judge(self.settings.mode, reasons)
        if assessment.decision is not Decision.AUTOMATIC or self.budget.reserve(incident.id, len(plan.things_hit)):
            return assessment
        window = f"{self.settings.budget_things} things in {self.settings.budget_window_minutes} minutes"
        return judge(self.settings.mode, [f"the budget for automatic answers is used up ({window})"])

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


def assessor() -> Assessor:
    """Return the assessor over the stack's resources."""
    current = settings.current()
    return Assessor(
        incidents=incidents(),
        evidence=evidence(),
        things=things(),
        planner=ContainmentPlanner.over(clients.iot(), current.account_id, current.quarantine_group),
        budget=Budget(incidents().table, current.budget_things, timedelta(minutes=current.budget_window_minutes)),
        settings=current,
    )


@step(StepRequest)
def lambda_handler(request: StepRequest) -> AssessmentResult:
    """Assess the incident."""
    return assessor().assess(request)
