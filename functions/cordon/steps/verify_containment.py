"""Look whether the containment holds: read back what was changed, look for sessions, drop again what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from cordon import clients, clock
from cordon.actions.action import Action
from cordon.actions.session import drop, plan_drop
from cordon.incidents.evidence import Evidence
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents, stamp
from cordon.model.alarm import Alarm
from cordon.model.change import LedgerEntry
from cordon.model.incident import Containment, Incident, Leg
from cordon.model.thing import SessionFacts
from cordon.response.manifest import keep_sightings
from cordon.response.verification import (
    Progress,
    Verdict,
    is_last,
    is_quiet,
    legs_of,
    next_wait,
    unproven_changes,
    verdict,
)
from cordon.steps.step import StepRequest, StepResult, actions, evidence, incidents, step, things
from cordon.things.facts import ThingReader

if TYPE_CHECKING:
    from mypy_boto3_iot_data import IoTDataPlaneClient


class LookRequest(StepRequest):
    """One look. The three numbers are what the last look handed back; zero at first."""

    look: int = Field(ge=0)
    waited_seconds: int = Field(ge=0)
    quiet_seconds: int = Field(ge=0)
    questioned: bool = False
    """True in verify_containment: an alarm came after the proof, and one look says whether it still holds."""


class LookResult(StepResult):
    """What the look came to, how long to wait until the next one, and the numbers to hand to it."""

    result: Verdict
    wait_seconds: int
    look: int
    waited_seconds: int
    quiet_seconds: int


@dataclass(frozen=True)
class Look:
    """What a last look saw: every leg, and the plan's changes that are there when read back."""

    legs: list[Leg]
    there: list[LedgerEntry]


@dataclass(frozen=True)
class Verifier:
    """Everything that a look reads and writes."""

    incidents: Incidents
    evidence: Evidence
    things: ThingReader
    actions: Mapping[str, Action]
    iot_data: IoTDataPlaneClient

    def verify(self, request: LookRequest) -> LookResult:
        """Look once, for the execution that answers the incident.

        Raises:
            NotTheClaimant: the incident is not this execution's.
        """
        incident = self.incidents.claimed(request.incident_id, request.execution)
        ledger = Ledger(self.incidents, incident.id, request.execution)
        seen = Progress(request.look, request.waited_seconds, request.quiet_seconds)
        # The quiet that is claimed so far: whoever was there within it has broken it, seen by a look or not.
        since = clock.now() - timedelta(seconds=seen.quiet_seconds)
        sessions = self._dropped_again(incident, ledger)
        quiet, result = is_quiet(sessions, since=since), Verdict.LOOK_AGAIN
        if is_last(seen, quiet=quiet):
            look = self._read_back(incident, ledger, sessions, since=since)
            result = verdict(seen, look.legs, quiet=quiet)
            self._conclude(incident, ledger, look, result)
        wait = next_wait(seen, quiet=quiet)
        after = seen.after(quiet=quiet and seen.look > 0, wait=wait)
        return LookResult(
            result=result,
            wait_seconds=wait,
            look=after.look,
            waited_seconds=after.waited_seconds,
            quiet_seconds=after.quiet_seconds,
        )

    def answer_question(self, request: LookRequest) -> LookResult:
        """Look once at a contained incident, because an alarm came that is dated after its proof.

        The proof stands if every leg is cut and each such alarm is one that being refused causes, or a finding that was
        reported before. Otherwise the result is partial, and the playbook escalates.
        """
        if not self.incidents.take_question(request.incident_id):
            return _answer(Verdict.MOOT)
        incident = self.incidents.get(request.incident_id)
        ledger = Ledger(self.incidents, incident.id, request.execution)
        sessions = self._dropped_again(incident, ledger)
        look = self._read_back(incident, ledger, sessions, since=incident.proven_at or clock.now())
        holds = all(leg.proven for leg in look.legs) and not self._unexplained(incident)
        facts = {"holds": holds, "legs": [leg.model_dump(mode="json") for leg in look.legs]}
        self.incidents.note(incident.id, "verified again", request.execution, facts)
        keep_sightings(incident, self.incidents, self.evidence)
        return _answer(Verdict.PROVEN if holds else Verdict.PARTIAL)

    def _dropped_again(self, incident: Incident, ledger: Ledger) -> list[SessionFacts]:
        """Drop whatever session came back, and return the sessions as they were found.

        A thing that was only denied some topics stays connected: its sessions are nobody's to drop or to look for.
        """
        if incident.containment is Containment.RESTRICT:
            return []
        known = [effect.resource.removeprefix("connection/") for effect in incident.plan_effects]
        sessions = self.things.sessions(incident.thing, known=known)
        for session in sessions:
            if session.foreign is None and session.connected is not False:
                effect = plan_drop(session.client_id, thing_name=incident.thing)
                ledger.brought_about(effect, drop(self.iot_data, effect))
        return sessions

    def _read_back(self, incident: Incident, ledger: Ledger, sessions: list[SessionFacts], *, since: datetime) -> Look:
        """Read back what was changed. Only a last look does: it alone says what is proven, and IoT's quotas are low."""
        entries = ledger.entries()
        reverted = unproven_changes(entries, self.actions)
        legs = legs_of(sessions, reverted, incident.plan_gaps, since=since)
        return Look(legs, [entry for entry in entries if entry not in reverted])

    def _conclude(self, incident: Incident, ledger: Ledger, look: Look, result: Verdict) -> None:
        """Keep the proof, or what is missing of it, and mark what was read back."""
        legs = [leg.model_dump(mode="json") for leg in look.legs]
        ledger.verified(look.there)
        proven_at = stamp(clock.now()) if result is Verdict.PROVEN else None
        # Without the moment, which the chain's entry has: run again, the step keeps the same proof, not another one.
        self.evidence.keep_for(incident.id, "proof", {"result": result, "legs": legs})
        keep_sightings(incident, self.incidents, self.evidence)
        self.incidents.set_while_claimed(incident.id, ledger.actor, legs=legs, proven_at=proven_at)

    def _unexplained(self, incident: Incident) -> list[Alarm]:
        """Return the alarms dated after the proof that a thing which is merely refused would not cause."""
        return [
            alarm
            for alarm, row in self.incidents.sightings(incident.id)
            if incident.proven_at and alarm.is_dated_after(incident.proven_at)
            if not (alarm.expected_while_contained or row["is_resend"])
        ]


def _answer(result: Verdict) -> LookResult:
    """Return the result of a single look, after which there is nothing to wait for."""
    return LookResult(result=result, wait_seconds=1, look=1, waited_seconds=0, quiet_seconds=0)


def verifier() -> Verifier:
    """Return the verifier over the stack's resources."""
    return Verifier(incidents(), evidence(), things(), actions(), clients.iot_data())


@step(LookRequest)
def lambda_handler(request: LookRequest) -> LookResult:
    """Look once."""
    return verifier().answer_question(request) if request.questioned else verifier().verify(request)
