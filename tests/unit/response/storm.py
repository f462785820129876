"""Things that alarm one after the other, as the tests of outbreaks raise them."""

from __future__ import annotations

from typing import Any

from cordon.incidents import rows
from cordon.model.alarm import Alarm
from cordon.model.incident import Incident
from cordon.model.response_policy import OutbreakRule
from cordon.model.response_policy import Outbreaks as Rules
from cordon.model.thing import ThingFacts
from cordon.response.likeness import PLAYBOOK
from cordon.response.outbreaks import Outbreaks, attached_to

from ..conftest import Bed, an_alarm

THREE = OutbreakRule(things=3)
BEHAVIOR_ONLY = Rules(behavior=THREE, group=None, firmware=None)


class Announced:
    """A bus that keeps what it was told."""

    def __init__(self) -> None:
        self.incidents: list[str] = []

    def announce(self, incident: Incident) -> None:
        """Keep whom it is about."""
        self.incidents.append(incident.id)


class Storm:
    """Things that alarm one after the other, and are assessed."""

    def __init__(self, bed: Bed, rules: Rules = BEHAVIOR_ONLY) -> None:
        self.bed, self.rules, self.announced = bed, rules, Announced()

    def raised(self, number: int, **changed: Any) -> tuple[Incident, Alarm]:
        """Let a thing alarm; return its incident and the alarm."""
        fields = {"id": f"alarm-{number}", "finding_id": f"finding-{number}", "thing_name": f"pump-{number}"}
        alarm = an_alarm(**{**fields, **changed})
        admitted = self.bed.admission.admit(alarm)
        assert admitted is not None
        return self.bed.incidents.get(admitted.incident_id), alarm

    def attach(self, incident: Incident, alarm: Alarm, thing: ThingFacts | None = None) -> str | None:
        """Let the incident be assessed."""
        bus: Any = self.announced
        return Outbreaks(self.bed.incidents, self.rules, bus).attach(incident, thing, alarm)

    def assessed(self, number: int, thing: ThingFacts | None = None, **changed: Any) -> str | None:
        """Let a thing alarm and its incident be assessed; return the outbreak that it is attached to."""
        incident, alarm = self.raised(number, **changed)
        return self.attach(incident, alarm, thing)

    def outbreaks(self) -> list[Incident]:
        """Return the incidents of all outbreaks."""
        heads = [item["pk"]["S"] for item in self.bed.everything() if item["sk"]["S"] == rows.HEAD]
        found = [self.bed.incidents.get(pk.removeprefix("INCIDENT#")) for pk in heads]
        return [incident for incident in found if incident.playbook == PLAYBOOK]

    def attached(self, outbreak: str) -> list[str]:
        """Return the things of an outbreak, after it was seen that each of their incidents names it."""
        members = list(attached_to(self.bed.incidents, outbreak))
        assert {self.bed.incidents.get(member.incident_id).outbreak for member in members} <= {outbreak}
        return sorted(filter(None, (member.thing for member in members)))
