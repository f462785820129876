"""What there is to do about an incident, and how far Cordon may go: read and judged, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cordon import clock
from cordon.errors import PlanUnworkable
from cordon.incidents.record import Incidents
from cordon.model.alarm import DESK, Alarm, Severity
from cordon.model.change import Plan
from cordon.model.incident import Containment, Incident, Mode
from cordon.model.response_policy import ResponsePolicy
from cordon.model.text import quoted
from cordon.model.thing import Criticality, ThingFacts
from cordon.response.calendar import closed, exempt
from cordon.response.containment import ContainmentPlanner
from cordon.response.judgement import blockers, hits_others, questions, too_old
from cordon.response.modes import effective_mode
from cordon.response.policy_store import InForce

if TYPE_CHECKING:
    from collections.abc import Callable

    from cordon.things.facts import ThingReader


@dataclass(frozen=True)
class Outlook:
    """What a look at an incident came to.

    `blockers` are why no plan can be carried out, `questions` why a person must approve it, each a sentence. `mode` is
    how far the response policy lets this playbook go for this thing and severity.
    """

    thing: ThingFacts | None
    plan: Plan
    containment: Containment
    mode: Mode
    in_force: InForce
    blockers: list[str]
    questions: list[str]


@dataclass(frozen=True)
class Assessor:
    """Everything that a look reads. `things` makes a reader of AWS IoT, which reads each thing anew."""

    incidents: Incidents
    things: Callable[[ResponsePolicy | None], ThingReader]
    planner: ContainmentPlanner
    account: str
    region: str

    def look(self, incident: Incident, opening: Alarm | None, in_force: InForce) -> Outlook:
        """Look at what the incident is about, now: facts, plan, and every reason why Cordon may not go on by itself."""
        policy = in_force.policy
        elsewhere = self._elsewhere(incident)
        thing = None if elsewhere or not incident.thing_name else self.things(policy).read(incident.thing_name)
        if thing is None:
            why = elsewhere or [_nothing_to_act_on(incident)]
            mode = self._mode(incident, opening, None, policy)
            return Outlook(None, Plan(), Containment.ISOLATE, mode, in_force, why, [])
        containment = _containment(thing)
        topics = policy.restrict_topics if policy else []
        try:
            plan = self.planner.plan(
                thing,
                incident.id,
                containment=containment,
                topics=topics,
                session_of=incident.attribution.certificate_id if incident.attribution else None,
            )
        except PlanUnworkable as error:
            plan, why = Plan(), [str(error)]
        else:
            why = blockers(plan)
        asked = self._questions(incident, opening, thing, plan, in_force)
        mode = self._mode(incident, opening, thing, policy)
        return Outlook(thing, plan, containment, mode, in_force, why, asked)

    def _elsewhere(self, incident: Incident) -> list[str]:
        """Say that the incident is about another account or Region, whose things are not ours to look up."""
        here = {"account": (incident.account, self.account), "Region": (incident.region, self.region)}
        return [
            f"the alarm is about {what} {quoted(found)}, which is not this one"
            for what, (found, own) in here.items()
            if found != own
        ]

    def _questions(
        self, incident: Incident, opening: Alarm | None, thing: ThingFacts, plan: Plan, in_force: InForce
    ) -> list[str]:
        policy, now = in_force.policy, clock.now()
        asked = [
            *questions(thing, by_policy=policy is not None),
            *hits_others(plan, thing),
            *_doubts(incident, opening, self._newest(incident, opening)),
        ]
        if policy is None:
            return [*asked, f"{in_force.trouble}, so that a person decides"]
        groups = [*(group.name for group in thing.groups), *thing.groups_above]
        asked += _severe_by_inference(incident, thing, policy)
        asked += too_old(incident, now, timedelta(hours=policy.alarms.max_age_hours))
        asked += [*closed(policy, now), *exempt(policy, thing.name, groups, thing.type_name, now)]
        return list(dict.fromkeys(asked))

    def _mode(
        self, incident: Incident, opening: Alarm | None, thing: ThingFacts | None, policy: ResponsePolicy | None
    ) -> Mode:
        # Who asks for it by hand wants it done, and sees the plan first: neither more than that nor less.
        if policy is None or incident.requested_by or (opening and opening.source == DESK):
            return Mode.APPROVE
        return _furthest(policy, incident, incident.severity, thing)

    def _newest(self, incident: Incident, opening: Alarm | None) -> Alarm | None:
        """Return the alarm that says how things stand by now: the one that opened it may be of weeks ago."""
        if incident.newest in {None, incident.opened_by}:
            return opening
        return self.incidents.sighting(incident.id, incident.newest or "")


def _furthest(policy: ResponsePolicy, incident: Incident, severity: Severity, thing: ThingFacts | None) -> Mode:
    """Return how far the response policy lets the playbook go for the thing at that severity."""
    return effective_mode(
        policy,
        incident.playbook,
        severity,
        thing.criticality if thing else Criticality.UNKNOWN,
        shared=thing is not None and any(certificate.is_shared for certificate in thing.certificates),
    )


def _severe_by_inference(incident: Incident, thing: ThingFacts, policy: ResponsePolicy) -> list[str]:
    """Say that Cordon may only go so far because of alarms that are not surely about the thing, where that is so."""
    sure = incident.surely_severe
    if sure is None or sure is incident.severity:
        return []
    as_inferred, as_sure = (_furthest(policy, incident, severity, thing) for severity in (incident.severity, sure))
    if Mode.narrowest(as_inferred, as_sure) is as_inferred:
        return []
    return [f"that it is {incident.severity} is only inferred: what is surely about this thing is {sure} at worst"]


def _containment(thing: ThingFacts) -> Containment:
    is_critical = thing.criticality is Criticality.SAFETY_CRITICAL
    return Containment.RESTRICT if is_critical else Containment.ISOLATE


def _nothing_to_act_on(incident: Incident) -> str:
    if incident.thing_name:
        return f"AWS IoT has no thing {incident.thing_name}"
    how = incident.attribution.how if incident.attribution else "the alarm names none"
    return f"no thing is known: {how}"


def _doubts(incident: Incident, opening: Alarm | None, newest: Alarm | None) -> list[str]:
    """Say why the alarm itself is not to be taken at its word."""
    doubts = []
    if incident.attribution and not incident.attribution.is_sure:
        doubts.append(f"that it is about this thing is only inferred: {incident.attribution.how}")
    if opening is None:
        doubts.append("the alarm that opened it is not in the record")
    elif newest is None:
        doubts.append("the newest alarm of it is not in the record")
    elif newest.disputed:
        doubts.append("a person has marked its finding a false positive")
    return doubts
