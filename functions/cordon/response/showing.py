"""What the desk shows: an incident with its plan and its request, and the dry run of a playbook. No token, ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cordon import clock
from cordon.incidents import rows
from cordon.incidents.approvals import Approvals
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.model.alarm import Alarm, AlarmKind, Attribution, Certainty, Severity
from cordon.model.approval import ApprovalRequest, RequestStatus
from cordon.model.change import Change
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.thing import Criticality
from cordon.response.assessment import Assessor, Outlook
from cordon.response.judgement import judge
from cordon.response.modes import approvals_needed
from cordon.response.policy_store import Policies

Shown = dict[str, Any]
_HIDDEN = frozenset({"schema_version", "plan_gaps", "plan_effects", "plan_hash", "assessed_by", "open_key", "capsule"})
_NEWEST = 100
"""Entries of the timeline that are shown: an incident of thousands of alarms has thousands."""
_DRY = "inc-00000000-0000000000"
"""Stands where an incident's id would: a plan's own names are made of it."""


@dataclass(frozen=True)
class Showing:
    """Everything that is read to be shown."""

    incidents: Incidents
    approvals: Approvals
    policies: Policies
    assessor: Assessor
    region: str

    def incident(self, incident_id: str) -> Shown:
        """Return the incident as its record stands now.

        Raises:
            IncidentNotFound, RecordUnreadable: there is none that could be shown.
        """
        incident = self.incidents.get(incident_id)
        request = self.approvals.find(incident_id)
        head = {name: value for name, value in incident.model_dump(mode="json").items() if name not in _HIDDEN}
        timeline = list(self.incidents.rows_of(incident_id, "TIMELINE#"))[-_NEWEST:]
        return {
            **head,
            "plan": self._plan(incident),
            "effects": [one.model_dump(mode="json") for one in self._ledger(incident).effects()],
            "approval": self._request(request) if request else None,
            "timeline": [{name: row[name] for name in ("at", "what", "actor")} for row in timeline],
            "ticket": (self.incidents.table.get(rows.of_incident(incident_id), rows.TICKET) or {}).get("ticket_id"),
        }

    def dry_run(self, playbook: str, thing_name: str) -> Shown:
        """Return what the playbook would do to the thing now, and what would become of an alarm; nothing is written.

        Where an incident is open the plan is that incident's, name for name.
        """
        incident, opening = self._open(playbook, thing_name) or _made_up(playbook, thing_name, self)
        outlook = self.assessor.look(incident, opening, self.policies.in_force())
        final = any(not change.reversible for change in outlook.plan.changes)
        criticality = outlook.thing.criticality if outlook.thing else Criticality.UNKNOWN
        people = approvals_needed(outlook.in_force.policy, playbook, criticality, irreversible=final)
        return {
            "playbook": playbook,
            "thing_name": thing_name,
            "incident_id": None if incident.id == _DRY else incident.id,
            "mode": outlook.mode,
            "containment": outlook.containment,
            "decision": judge(outlook.mode, outlook.blockers, outlook.questions).decision,
            "blockers": outlook.blockers,
            "questions": outlook.questions,
            "identities_needed": people,
            "plan": _of_outlook(outlook),
        }

    def _open(self, playbook: str, thing_name: str) -> tuple[Incident, Alarm | None] | None:
        key = rows.of_open(self.assessor.account, self.region, thing_name, playbook)
        known = self.incidents.open_under(key)
        incident = self.incidents.get(known) if known else None
        return (incident, self.incidents.sighting(incident.id, incident.opened_by)) if incident else None

    def _ledger(self, incident: Incident) -> Ledger:
        return Ledger(self.incidents, incident.id, incident.claimed_by or "")

    def _plan(self, incident: Incident) -> Shown | None:
        if incident.plan_hash is None:
            return None
        entries = self._ledger(incident).entries()
        return {
            "hash": incident.plan_hash,
            "changes": [{**_change(entry.change), "status": entry.status} for entry in entries],
            "effects": [one.model_dump(mode="json") for one in incident.plan_effects],
            "gaps": [one.model_dump(mode="json") for one in incident.plan_gaps],
        }

    def _request(self, request: ApprovalRequest) -> Shown:
        """Return the request, who has answered it, and whether the alarm is over meanwhile."""
        late = request.status is RequestStatus.PENDING and clock.now() >= request.answer_until
        cleared = self.approvals.cleared_at(request.incident_id)
        return {
            "number": request.number,
            "status": RequestStatus.EXPIRED if late else request.status,
            "plan_hash": request.plan_hash,
            "policy_hash": request.policy_hash,
            "requested_at": request.requested_at.isoformat(),
            "expires_at": request.answer_until.isoformat(),
            "requested_by": request.requested_by,
            "identities_needed": request.identities_needed,
            "irreversible": request.irreversible,
            "cleared_at": cleared.isoformat() if cleared else None,
            "decisions": [_given(one.model_dump(mode="json")) for one in request.decisions],
        }


def _given(decision: Shown) -> Shown:
    return {("decision" if name == "verdict" else name): value for name, value in decision.items()}


def _change(change: Change) -> Shown:
    return change.model_dump(mode="json")


def _of_outlook(outlook: Outlook) -> Shown:
    parts = outlook.plan.model_dump(mode="json", include={"changes", "effects", "gaps"})
    return {"hash": outlook.plan.hash, **parts}


def _made_up(playbook: str, thing_name: str, showing: Showing) -> tuple[Incident, Alarm]:
    """Return the incident and the alarm that a dry run looks at: as certain as can be, and of this moment."""
    now = clock.now()
    stated = Attribution(certainty=Certainty.STATED, how="a dry run")
    common: Shown = {
        "playbook": playbook,
        "thing_name": thing_name,
        "severity": Severity.HIGH,
        "account": showing.assessor.account,
        "region": showing.region,
        "summary": "a dry run",
        "attribution": stated,
    }
    moments: Shown = {"opened_at": now, "alarm_raised_at": now, "alarm_received_at": now, "updated_at": now}
    incident = Incident(
        id=_DRY, status=IncidentStatus.OPENED, opened_by=_DRY, sightings=1, open_key="", **moments, **common
    )
    told: Shown = {"kind": AlarmKind.IN_ALARM, "raised_at": now, "received_at": now}
    return incident, Alarm(id=_DRY, source="dry-run", finding_id=_DRY, signal="dry run", **told, **common)
