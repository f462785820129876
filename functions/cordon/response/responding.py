"""A person starts a playbook: his request becomes an alarm like any other, and is answered as one, but never alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from cordon import clock
from cordon.errors import AlarmRejected, AlreadyChanged, RecordBusy, RequestIdUsed
from cordon.incidents import rows
from cordon.incidents.admission import Admission, Became
from cordon.incidents.approvals import Approvals
from cordon.incidents.bus import CONTAINMENT_QUESTIONED, Bus
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.model.alarm import DESK, Alarm, AlarmKind, Attribution, Certainty, Severity
from cordon.model.approval import RequestStatus
from cordon.model.base import sha256_hex
from cordon.model.change import ChangeStatus
from cordon.model.incident import DETAIL_TYPE, Incident, IncidentStatus
from cordon.model.text import escaped

_STATED = Attribution(certainty=Certainty.STATED, how="a person named the thing at the desk")


@dataclass(frozen=True)
class Wanted:
    """What a person asks for. The same `request_id` of the same person is the same request."""

    identity: str
    playbook: str
    thing_name: str
    reason: str
    request_id: str | None


@dataclass(frozen=True)
class Responding:
    """Everything that starting a playbook writes, for things of an account and Region."""

    incidents: Incidents
    bus: Bus
    account: str
    region: str

    def respond(self, wanted: Wanted) -> tuple[Became, Incident]:
        """Open an incident for what a person asks, or join the one that is open; asked again, find it.

        One that is before a person already, and of which nothing was changed, is assessed once more.

        Raises:
            AlreadyChanged: it is before a person, and some of its plan was carried out; nothing is written.
            RequestIdUsed: the person has asked for something else under this id.
            RecordBusy: other writers were in the way each time.
        """
        admission, alarm = Admission(self.incidents), self._alarm(wanted)
        became, incident = self._known(admission, alarm) or self._admitted(admission, alarm)
        if became is Became.JOINED and incident.status is IncidentStatus.ESCALATED:
            incident = self._assessed_again(incident, alarm)
        self._announce(incident, became)
        return became, incident

    def _known(self, admission: Admission, alarm: Alarm) -> tuple[Became, Incident] | None:
        row = admission.known(alarm.id)
        if row is None:
            return None
        incident = self.incidents.get(row["incident_id"])
        if (row["thing_name"], incident.playbook) != (alarm.thing_name, alarm.playbook):
            raise RequestIdUsed("another request came under this id before", field="request_id")
        return Became(row["became"]), incident

    def _assessed_again(self, incident: Incident, alarm: Alarm) -> Incident:
        """Let an escalated incident be answered anew: no execution can change anything for it until it is claimed."""
        approvals = Approvals(self.incidents)
        request = approvals.find(incident.id)
        if request and request.status is RequestStatus.PENDING:
            approvals.expire(request)  # its execution is over, and a request that waits lets no other be made
        if _is_begun(self.incidents, incident) or not self.incidents.assess_again(incident, alarm.id):
            return incident
        return self.incidents.get(incident.id)

    def _require_untouched(self, alarm: Alarm) -> None:
        known = self.incidents.open_under(
            rows.of_open(alarm.account, alarm.region, alarm.thing_name or "", alarm.playbook)
        )
        incident = self.incidents.get(known) if known else None
        if incident and incident.status is IncidentStatus.ESCALATED and _is_begun(self.incidents, incident):
            raise AlreadyChanged(
                f"{incident.id} is before a person, and some of its plan was carried out: its ticket has the commands "
                "that put that back (cordon-undo) and says what is left to do by hand"
            )

    def _admitted(self, admission: Admission, alarm: Alarm) -> tuple[Became, Incident]:
        self._require_untouched(alarm)
        try:
            admitted = admission.admit(alarm)
        except AlarmRejected as error:
            # The same request came twice at once, and the moment is part of what it says.
            raise RecordBusy(str(error)) from error
        if admitted is None:
            raise RecordBusy(f"{alarm.id} was not admitted")  # only what clears an alarm is not
        return admitted.became, self.incidents.get(admitted.incident_id)

    def _announce(self, incident: Incident, became: Became) -> None:
        """Say on the bus what is to be done; to say it twice is harmless: a claim is won once."""
        if incident.status is IncidentStatus.OPENED or incident.reassess:
            self.bus.announce(incident, DETAIL_TYPE[IncidentStatus.OPENED])
        elif became is Became.JOINED and incident.status is IncidentStatus.CONTAINED:
            self.incidents.question(incident)
            self.bus.announce(incident, CONTAINMENT_QUESTIONED)

    def _alarm(self, wanted: Wanted) -> Alarm:
        now = clock.now()
        own = wanted.request_id or uuid4().hex
        name = f"desk-{sha256_hex(f'{wanted.identity} {own}')[:32]}"
        facts: dict[str, Any] = {"account": self.account, "region": self.region, "received_at": now, "raised_at": now}
        return Alarm(
            id=name,
            source=DESK,
            kind=AlarmKind.IN_ALARM,
            playbook=wanted.playbook,
            thing_name=wanted.thing_name,
            severity=Severity.HIGH,
            finding_id=name,
            signal="request",
            summary=f"{escaped(wanted.identity)} asked for it: {escaped(wanted.reason)}",
            requested_by=wanted.identity,
            attribution=_STATED,
            **facts,
        )


def _is_begun(incidents: Incidents, incident: Incident) -> bool:
    """Say whether any change of the incident's plan was made or begun: another plan would not be one from the start."""
    entries = Ledger(incidents, incident.id, incident.claimed_by or "").entries()
    return any(entry.status is not ChangeStatus.PLANNED for entry in entries)
