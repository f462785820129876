"""Which alarms an incident has seen, and where each one's raw message lies: one piece of evidence for all of them."""

from __future__ import annotations

from cordon.incidents.evidence import Evidence
from cordon.incidents.record import Incidents
from cordon.model.incident import Incident


def keep_sightings(incident: Incident, incidents: Incidents, evidence: Evidence) -> None:
    """Enter every alarm of the incident into its chain, each with key and SHA-256 of its raw message.

    One entry for all, so that a storm makes no chain of thousands. An incident of one alarm needs none: the alarm that
    opened it stands in the chain itself.
    """
    if incident.sightings > 1:
        seen = [
            {"alarm": alarm.id, "raw": alarm.raw.model_dump() if alarm.raw else None}
            for alarm, _ in incidents.sightings(incident.id)
        ]
        evidence.keep_for(incident.id, "sightings", {"sightings": seen})
