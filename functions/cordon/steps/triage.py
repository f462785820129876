"""Read what came in, join each alarm to its thing's incident or open one, and lose nothing on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from cordon import clients, clock, settings
from cordon.alarms import read_alarms
from cordon.alarms.envelope import DELIVERY_ID
from cordon.errors import AlarmRejected, EvidenceConflict, RecordUnreadable
from cordon.incidents.admission import Admission, Admitted, Became
from cordon.incidents.bus import CONTAINMENT_QUESTIONED, Bus
from cordon.incidents.evidence import Evidence
from cordon.incidents.findings import told_by
from cordon.incidents.record import Incidents
from cordon.incidents.sightings import WITH_PEOPLE
from cordon.model.alarm import Alarm
from cordon.model.base import SCHEMA_VERSION, sha256_hex
from cordon.model.evidence import EvidenceRef
from cordon.model.incident import DETAIL_TYPE, Decision, Incident, IncidentStatus
from cordon.observability import count, logger, tracer
from cordon.response.policy_store import Policies
from cordon.steps.step import bus, evidence, incidents, pager, policies
from cordon.things.attribution import Attributor
from cordon.things.role_aliases import KeptRoleAliases, RoleAliasReader
from cordon.tickets.pager import Pager

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_sqs import SQSClient

_PAGE_AGAIN_AFTER = timedelta(minutes=15)
"""A thing that keeps alarming while a person has it pages no more often than this."""


@dataclass(frozen=True)
class Rejected:
    """The queue where what can never be accepted waits for a person."""

    client: SQSClient
    queue_url: str

    def put(self, delivery_id: str, reason: AlarmRejected, raw: EvidenceRef) -> None:
        """Say what was wrong, in which field, and where the message is kept."""
        message = {
            "schema_version": SCHEMA_VERSION,
            "delivery_id": delivery_id,
            "reason": str(reason),
            "field": reason.field,
            "found": reason.found,
            "expected": reason.expected,
            "raw": raw.model_dump(mode="json"),
        }
        self.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(message))


@dataclass(frozen=True)
class Triage:
    """Everything that triage writes to."""

    incidents: Incidents
    admission: Admission
    evidence: Evidence
    bus: Bus
    pager: Pager
    rejected: Rejected
    attributor: Attributor
    policies: Policies

    def receive(self, body: str, *, message_id: str, received_at: datetime) -> None:
        """Take one message in. Whatever it holds, only passing trouble is raised: the message then comes again."""
        delivery_id = _delivery_id(body) or message_id
        try:
            alarms = read_alarms(body, received_at=received_at)
        except AlarmRejected as reason:
            self._reject(delivery_id, body, reason)
        else:
            for alarm in alarms:
                self._take(alarm, body)

    def _take(self, alarm: Alarm, body: str) -> None:
        raw = self._keep(alarm.source, alarm.id.partition("/")[0], body)
        if self._is_unwanted_sample(alarm):
            return self._ignore(alarm, "a sample that its detector made up, and the response policy answers none")
        try:
            found = self.admission.attributed(alarm.model_copy(update={"raw": raw}), self.attributor.attribute)
        except AlarmRejected as reason:
            return self._reject(alarm.id, body, reason)
        for one in found:
            self._admit(one, body)
        return None

    def _is_unwanted_sample(self, alarm: Alarm) -> bool:
        """Say whether the alarm is a sample that is not to be answered; one that was answered before stays so."""
        if not alarm.is_sample:
            return False
        known = self.admission.known(alarm.id)
        if known and known["became"] != Became.REJECTED:
            return bool(known["became"] == Became.IGNORED)
        policy = self.policies.in_force().policy
        return policy is None or policy.alarms.guardduty_samples != "answer"

    def _admit(self, alarm: Alarm, body: str) -> None:
        try:
            admitted = self.admission.admit(alarm)
        except AlarmRejected as reason:
            return self._reject(alarm.id, body, reason)
        if admitted is None:
            return self._ignore(alarm, f"{_ended(alarm)}, and nothing is open for {alarm.thing_name or 'its finding'}")
        logger().info("alarm", extra={"alarm": alarm.id, "became": admitted.became, "incident": admitted.incident_id})
        if not admitted.redelivered:
            count("AlarmAccepted")
            if admitted.became is Became.OPENED:
                count("IncidentOpened")
        return self._react(alarm, admitted)

    def _react(self, alarm: Alarm, admitted: Admitted) -> None:
        """Do what the alarm calls for, as the incident stands now; a redelivery finds done what was done."""
        incident = self.incidents.get(admitted.incident_id)
        if incident.status is IncidentStatus.OPENED or incident.reassess:
            # Unclaimed, as far as we know. To say it twice is harmless: a claim is won once.
            self.bus.announce(incident, DETAIL_TYPE[IncidentStatus.OPENED])
        elif admitted.became is Became.JOINED:
            self._react_to_sighting(alarm, incident, redelivered=admitted.redelivered)

    def _react_to_sighting(self, alarm: Alarm, incident: Incident, *, redelivered: bool) -> None:
        if incident.worse and incident.status in WITH_PEOPLE:
            self._page_that_it_is_worse(incident)
        elif incident.status in {IncidentStatus.ESCALATED, IncidentStatus.PARTIAL}:
            self._page(incident)
        elif _questions(alarm, incident) and (self.incidents.question(incident) or redelivered):
            self.bus.announce(incident, CONTAINMENT_QUESTIONED)

    def _page(self, incident: Incident) -> None:
        told = self._told_of(incident)
        if told.paged_at and clock.now() - told.paged_at < _PAGE_AGAIN_AFTER:
            return
        # Of an outbreak's things hundreds may alarm at this moment, so that one has to win before it pages. Its own
        # playbook pages first.
        if told is not incident and not self.incidents.take_page(told):
            return
        text = f"Incident {told.id} is {told.status}, and its thing {incident.subject} alarms again."
        self.pager.page(f"Cordon: {incident.subject} alarms again", text)
        self.incidents.paged(told.id)

    def _page_that_it_is_worse(self, incident: Incident) -> None:
        """Page for an incident that became worse, however lately it was: there are four severities, and no more pages.

        What was not told yet stays owed: the redelivery of a message that died here tells it, or the next sighting.
        """
        if self._told_of(incident) is not incident:
            self._page(incident)  # one page for hundreds, as often as any other
        elif incident.paged_at and not self.incidents.take_page(incident):
            return  # somebody else tells it just now
        else:
            text = f"Incident {incident.id} is {incident.status}, and its thing {incident.subject} alarms again."
            severe = f" It is now {incident.severity}, worse than when you were told."
            self.pager.page(f"Cordon: {incident.subject} is now {incident.severity}", text + severe)
        self.admission.told_that_it_is_worse(incident)

    def _told_of(self, incident: Incident) -> Incident:
        """Return the incident that people were paged for: one of an outbreak's stands for all that ended with it."""
        if incident.decision is not Decision.OUTBREAK or incident.outbreak is None:
            return incident
        outbreak = self.incidents.get(incident.outbreak)
        return incident if outbreak.status is IncidentStatus.CLOSED else outbreak

    def _reject(self, delivery_id: str, body: str, reason: AlarmRejected) -> None:
        name, known = delivery_id, self.admission.known(delivery_id)
        if known and known.get("digest") != _digest(body):
            # Another message is remembered under this id: this one needs a name of its own.
            name = f"{delivery_id}/{_digest(body)}"
            known = self.admission.known(name)
        if known:
            return
        self.rejected.put(delivery_id, reason, self._keep("rejected", delivery_id, body))
        # Remembered last: a message that dies here is put before a person twice rather than never.
        said = {"reason": str(reason), "field": reason.field, "digest": _digest(body)}
        self.admission.remember(name, Became.REJECTED, **said)
        count("AlarmRejected")

    def _keep(self, source: str, delivery_id: str, body: str) -> EvidenceRef:
        """Keep a message as it came; one whose id came before in other bytes lies beside the first, under its hash."""
        try:
            return self.evidence.keep_alarm(source, delivery_id, body)
        except (EvidenceConflict, RecordUnreadable):
            return self.evidence.keep_alarm(source, f"{delivery_id}.{_digest(body)}", body)

    def _ignore(self, alarm: Alarm, reason: str) -> None:
        self.admission.remember(alarm.id, Became.IGNORED, reason=reason, **told_by(alarm))
        logger().info("alarm ignored", extra={"delivery": alarm.id, "reason": reason})
        count("AlarmIgnored")


def _ended(alarm: Alarm) -> str:
    """Say how an alarm that is none any more ended, in its detector's words."""
    return "archived" if alarm.details.get("archived") else alarm.kind


def _questions(alarm: Alarm, incident: Incident) -> bool:
    """Say whether the alarm is dated after the proof that its thing is contained."""
    if incident.status is not IncidentStatus.CONTAINED or incident.proven_at is None:
        return False
    return alarm.is_dated_after(incident.proven_at)


def _digest(body: str) -> str:
    """Return what tells two messages of one id apart."""
    return sha256_hex(body.encode(errors="backslashreplace"))[:12]


def _delivery_id(body: str) -> str | None:
    """Return the id that SNS or EventBridge gave the message, if its body is readable so far."""
    try:
        outer = json.loads(body)
        found = outer.get("MessageId") or outer.get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) and DELIVERY_ID.fullmatch(found) else None


def triage() -> Triage:
    """Return triage over the stack's resources."""
    record = incidents()
    queue = Rejected(clients.sqs(), settings.current().rejected_queue_url)
    return Triage(record, Admission(record), evidence(), bus(), pager(), queue, attributor(), policies())


def attributor() -> Attributor:
    """Return what ties alarms to things."""
    return Attributor(clients.iot(), _role_aliases(clients.iot(), clients.iam()), settings.current().account_id)


@lru_cache(maxsize=1)
def _role_aliases(iot: IoTClient, iam: IAMClient) -> KeptRoleAliases:
    """Return the role aliases, kept for a batch of messages and for as long as they may be used after it."""
    return KeptRoleAliases(lambda: RoleAliasReader(iot, iam))


def _receive(record: SQSRecord) -> None:
    sent = datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, tz=UTC)
    triage().receive(record.body, message_id=record.message_id, received_at=sent)


def lambda_handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Take in a batch of messages; those that could not be are returned, and only they come again."""
    with tracer().provider.in_subsegment("triage"):
        processor = BatchProcessor(event_type=EventType.SQS)
        return process_partial_response(event=event, record_handler=_receive, processor=processor, context=context)
