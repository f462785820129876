"""GuardDuty over EventBridge: AWS credentials or instances of a device do what they should not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from cordon.alarms.envelope import Envelope, EventBridgeEvent
from cordon.alarms.guardduty_clues import clues_of
from cordon.alarms.guardduty_finding import FINDING_ARN, Finding
from cordon.alarms.rejection import rejection
from cordon.alarms.times import require_plausible
from cordon.errors import AlarmRejected
from cordon.model.alarm import Alarm, AlarmKind, Severity
from cordon.model.text import escaped, quoted, shortened

name: Final = "guardduty"
PLAYBOOK: Final = "contain_thing"
EVENT_SOURCE: Final = "aws.guardduty"
DETAIL_TYPE: Final = "GuardDuty Finding"
"""Events of the same source with another detail-type (`AWS API Call via CloudTrail`) are no findings (AWS-FACTS 2)."""

ANNOUNCED: Final = datetime(2017, 11, 28, tzinfo=UTC)
"""When AWS announced GuardDuty: no finding is older."""
LONGEST_TYPE: Final = 128
LONGEST_TEXT: Final = 512

_STEPS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
"""From which number on a finding is how bad: 1.0 to 3.9 low, to 6.9 medium, to 8.9 high, to 10 critical."""


def recognises(envelope: Envelope) -> bool:
    """Say whether the event is a finding, as its source and detail-type say."""
    if not isinstance(envelope, EventBridgeEvent):
        return False
    return (envelope.source, envelope.detail_type) == (EVENT_SOURCE, DETAIL_TYPE)


def parse(envelope: Envelope, *, received_at: datetime) -> list[Alarm]:
    """Return the one alarm of a finding. It names no thing yet: it carries the clues by which one may be found.

    Account and Region are the finding's own: the findings of members arrive on their administrator's bus.

    Raises:
        AlarmRejected: a field that is read is missing or makes no sense; it is named as a path within the event.
    """
    if not isinstance(envelope, EventBridgeEvent):
        raise AlarmRejected(field="source", found="an SNS notification", expected="an EventBridge event")
    finding = _read(envelope)
    clues, left_out = clues_of(finding)
    info = finding.service.additional_info
    alarm = Alarm(
        id=envelope.id,
        source=name,
        kind=AlarmKind.ALARM_CLEARED if finding.service.archived else AlarmKind.IN_ALARM,
        playbook=PLAYBOOK,
        thing_name=None,
        severity=severity_of(finding.severity),
        raised_at=_raised_at(finding, received_at),
        received_at=received_at,
        account=finding.account_id,
        region=finding.region,
        finding_id=finding.arn,
        signal=shortened(finding.type, LONGEST_TYPE),
        disputed=finding.service.user_feedback == "NOT_USEFUL",
        summary=_summary(finding),
        details=_facts(finding, sent_by=envelope.account, left_out=left_out),
        clues=clues,
        is_sample=info is not None and info.is_sample,
    )
    return [alarm]


def severity_of(number: float) -> Severity:
    """Return how bad a finding of that severity (1 to 10) is."""
    return next((severity for least, severity in _STEPS if number >= least), Severity.LOW)


def _read(envelope: EventBridgeEvent) -> Finding:
    try:
        finding = Finding.model_validate(envelope.detail)
    except ValidationError as error:
        raise rejection(error, within="detail", whole="detail") from None  # pydantic's own error repeats the payload
    named = FINDING_ARN.fullmatch(finding.arn)
    if named is None or (named["account"], named["region"]) != (finding.account_id, finding.region):
        expected = f"the ARN of a finding in the account {finding.account_id} and the Region {finding.region}"
        raise AlarmRejected(field="detail.arn", found=quoted(finding.arn), expected=expected)
    return finding


def _raised_at(finding: Finding, received_at: datetime) -> datetime:
    moment = finding.updated_at or finding.service.event_last_seen
    if moment is None:
        raise AlarmRejected(field="detail.updatedAt", found="nothing", expected="a value")
    field = "detail.updatedAt" if finding.updated_at else "detail.service.eventLastSeen"
    return require_plausible(moment, field=field, since=ANNOUNCED, received_at=received_at)


def _summary(finding: Finding) -> str:
    """Say the finding in one sentence, with everything from outside escaped: it may be shown as it is."""
    archived = " and archived" if finding.service.archived else ""
    title = (finding.title or "").strip().rstrip(".")
    about = f": {escaped(title)}" if title else ""
    return f"GuardDuty found{archived} {escaped(finding.type, LONGEST_TYPE)}{about}."


def _facts(finding: Finding, *, sent_by: str, left_out: int) -> dict[str, Any]:
    """Return what becomes `Alarm.details`, without what is not there; texts are cut, not escaped."""
    service = finding.service
    facts = {
        "type": shortened(finding.type, LONGEST_TYPE),
        "severity": finding.severity,
        "count": service.count,
        "title": _cut(finding.title),
        "description": _cut(finding.description),
        "resource_type": _cut(finding.resource.resource_type),
        "action_type": _cut(service.action.action_type if service.action else None),
        "first_seen": service.event_first_seen.isoformat() if service.event_first_seen else None,
        "last_seen": service.event_last_seen.isoformat() if service.event_last_seen else None,
        "archived": service.archived or None,
        "user_feedback": service.user_feedback,
        "sent_by": sent_by if sent_by != finding.account_id else None,
        "clues_left_out": left_out or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _cut(text: str | None) -> str | None:
    return None if text is None else shortened(text, LONGEST_TEXT)
