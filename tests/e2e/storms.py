"""A storm: many things alarm at once. How the tests raise one, and what they count afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from cordon.incidents import rows
from cordon.model.incident import Decision, Incident, IncidentStatus
from cordon.model.response_policy import OutbreakRule, Outbreaks
from cordon.response.likeness import PLAYBOOK

from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, locks, tickets_of

A_DAY = 24 * 60
"""Minutes. As containments are looked at for a while, a storm takes an hour or two of virtual time."""


def outbreak_from(things: int) -> Outbreaks:
    """Return the rules by which so many things with the same behavior are an outbreak."""
    return Outbreaks(behavior=OutbreakRule(things=things, window_minutes=A_DAY), group=None, firmware=None)


def raise_storm(aws: LocalAws, alarm: Alarm, things: int, repeats: int = 1) -> list[str]:
    """Let so many things alarm so often, all at once; return their names. Nothing is waited for."""
    names = [f"storm-{number:03}" for number in range(things)]
    for name in names:
        aws.fleet.add_thing(name)
    with aws.at_once():
        for repeat in range(repeats):
            for name in names:
                aws.publish_alarm(alarm(name, violationId=f"{name}-{repeat}"))
    return names


@dataclass(frozen=True)
class Aftermath:
    """Where a storm has left the record."""

    aws: LocalAws
    record: Record
    incidents: list[Incident]
    outbreaks: list[Incident]

    @classmethod
    def of(cls, aws: LocalAws) -> Aftermath:
        """Return the incidents of things, and those of outbreaks."""
        record = Record(aws)  # once: it reads the whole table, which after a large storm takes a minute
        found = record.incidents()
        things = [incident for incident in found if incident.playbook != PLAYBOOK]
        return cls(aws, record, things, [incident for incident in found if incident.playbook == PLAYBOOK])

    def contained(self) -> set[str]:
        """The things that were contained, each proven and by itself."""
        answered = [one for one in self.incidents if one.decision is Decision.AUTOMATIC]
        self._require(answered, IncidentStatus.CONTAINED)
        return {one.thing for one in answered}

    def before_people(self) -> Counter[Decision | None]:
        """How many others there are, by what was decided of them, after it was seen that each is before a person."""
        others = [one for one in self.incidents if one.decision is not Decision.AUTOMATIC]
        self._require(others, IncidentStatus.ESCALATED, IncidentStatus.AWAITING_APPROVAL)
        for one in others:
            if one.decision is Decision.OUTBREAK:
                assert (one.outbreak, one.paged_at, tickets_of(self.aws, one.id)) == (self.outbreaks[0].id, None, [])
            else:
                assert len(tickets_of(self.aws, one.id)) == 1
        return Counter(one.decision for one in others)

    def _require(self, incidents: list[Incident], *expected: IncidentStatus) -> None:
        """See that each incident is in one of these, and tell of another what became of it."""
        strays = [f"{one.id} {one.status}: {one.reasons}" for one in incidents if one.status not in expected]
        assert not strays, "\n".join(strays)  # said here, since the soak has no pytest to explain it

    def sightings(self) -> int:
        """How many alarms the incidents have counted, after it was seen that each has kept as many."""
        for one in self.incidents:
            assert len(self.record.of_incident(one.id, rows.SIGHTINGS)) == one.sightings
        return sum(one.sightings for one in self.incidents)

    def attached(self) -> int:
        """How many incidents the outbreaks have, after it was seen that each of them names one."""
        members = [row for one in self.outbreaks for row in self.record.of_incident(one.id, rows.ATTACHED)]
        assert {row["incident_id"] for row in members} == {one.id for one in self.incidents if one.outbreak}
        assert locks(self.aws) == []
        return len(members)


def untouched(aws: LocalAws, names: list[str], but: set[str]) -> bool:
    """Say whether exactly the things in `but` were changed: the others are as they were made, and connected."""
    return {name for name in names if _is_changed(aws, name)} == but


def _is_changed(aws: LocalAws, name: str) -> bool:
    iot = aws.client("iot")
    (arn,) = iot.list_thing_principals(thingName=name)["principals"]
    certificate = iot.describe_certificate(certificateId=arn.rpartition("/")[2])["certificateDescription"]
    policies = sorted(one["policyName"] for one in iot.list_attached_policies(target=arn)["policies"])
    groups = iot.list_thing_groups_for_thing(thingName=name)["thingGroups"]
    quarantined = any("quarantine" in one["groupName"].lower() for one in groups)
    return any([certificate["status"] != "ACTIVE", any("quarantine" in one for one in policies), quarantined])


def updates_of_certificates(aws: LocalAws) -> Iterator[str]:
    """The ids of the certificates that were changed, once for each call."""
    for call in aws.calls.of(service="iot", operation="UpdateCertificate"):
        yield json.loads(json.dumps(call.params))["certificateId"]
