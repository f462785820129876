"""An alarm: what some detector says about one thing, whatever the detector."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.evidence import EvidenceRef


class Severity(StrEnum):
    """How bad, in the four steps that Security Hub and GuardDuty share."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def is_worse_than(self, other: Severity) -> bool:
        """Say whether this is further up than `other`."""
        steps = list(Severity)
        return steps.index(self) > steps.index(other)


DESK = "desk"
"""The source of what a person asked for by hand."""


class AlarmKind(StrEnum):
    """What the alarm says happened, in Device Defender's own words (`violationEventType`)."""

    IN_ALARM = "in-alarm"
    ALARM_CLEARED = "alarm-cleared"
    ALARM_INVALIDATED = "alarm-invalidated"


class ClueKind(StrEnum):
    """What a finding of AWS tells of a device: it never names a thing (AWS-FACTS 2, GuardDuty)."""

    CERTIFICATE_SESSION = "certificate-session"
    """A role session whose name has the form of a certificate id; `role_id` is the role's unique id."""
    EC2_INSTANCE = "ec2-instance"
    """The id of an EC2 instance, on which a gateway may run."""


class Clue(Word):
    """One thing that a finding says and that a device can be looked up by. `value` has been checked for its form."""

    kind: ClueKind
    value: str
    role_id: str | None = None
    acted: bool = False
    """True where the finding says that the session or the instance acted itself; False: it was acted upon, or nobody
    says which, and anybody may have caused that."""


class Certainty(StrEnum):
    """How sure it is that an alarm is about its thing."""

    STATED = "stated"
    """The detector, or the person who asked, named the thing."""
    PROVEN = "proven"
    """The thing's own certificate or instance has done what the finding says, and nobody else could have."""
    INFERRED = "inferred"
    """Anybody could have made it look so: never answered automatically."""
    UNKNOWN = "unknown"
    """No thing is known."""


class Attribution(Word):
    """How an alarm was tied to its thing: `how` is one sentence, inert already; `candidates` at most ten names."""

    certainty: Certainty
    how: str
    candidates: list[str] = Field(default_factory=list)
    certificate_id: str | None = None

    @property
    def is_sure(self) -> bool:
        """Say whether nobody but its detector, or who signed, could have had the alarm be about this thing."""
        return self.certainty in {Certainty.STATED, Certainty.PROVEN}


class Alarm(Word):
    """One alarm, made by a source module of `alarms/`.

    `id` is the delivery's own id (SNS MessageId, EventBridge event id, with `/n` appended when one message holds
    several alarms): a redelivery has the same one. `finding_id` is the detector's id of what it found, which a re-send
    shares. `signal` is what was measured (a metric, a check, a finding type). Text fields come from outside.
    """

    schema_version: int = SCHEMA_VERSION
    id: str = Field(min_length=1, max_length=200)
    source: str
    kind: AlarmKind
    playbook: str
    thing_name: str | None
    """None: it names no thing, and none could be found by its clues."""
    severity: Severity
    raised_at: AwareDatetime
    received_at: AwareDatetime
    account: str
    region: str
    finding_id: str
    signal: str
    expected_while_contained: bool = False
    """True when being refused by the broker causes this alarm by itself (authorization failures, disconnects)."""
    disputed: bool = False
    """True when a person has marked this very finding a false positive at its detector."""
    summary: str
    """One sentence, inert already: what comes from outside in it is escaped."""
    details: dict[str, Any] = Field(default_factory=dict)
    raw: EvidenceRef | None = None
    clues: list[Clue] = Field(default_factory=list)
    """What the thing can be looked up by, where the detector names none."""
    attribution: Attribution | None = None
    is_sample: bool = False
    """True when its detector marks it as made up for a trial."""
    requested_by: str | None = None
    """Identity of the person who asked, where the alarm is one's own request."""

    def is_dated_after(self, moment: datetime) -> bool:
        """Say whether the detector saw this after `moment`.

        It must have reached us later too: a detector's clock may run fast, or its time be forged.
        """
        return min(self.raised_at, self.received_at) > moment
