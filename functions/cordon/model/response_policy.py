"""The response policy as data: how far Cordon goes by itself, when, and whom it asks. `response/` applies it.

It comes as a file that people write (`response-policy.yaml`), and is kept as JSON. An unknown field is an error: a typo
must not read as "nothing said".
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from cordon.model.alarm import Severity
from cordon.model.base import Document, Word
from cordon.model.incident import Mode
from cordon.model.policy_calendar import Exemption, Freeze, Minutes, Name, Windows, Words, form
from cordon.model.thing import Criticality

MOST_THINGS = 1000
"""The largest budget: its reservations are one row of the table, which holds 400 KB."""
PROPOSAL_LASTS = timedelta(hours=24)
"""How long a push that loosens anything waits for a second person."""

AttributeName = Annotated[
    str, form(r"[a-zA-Z0-9_.,@/:#-]{1,128}", "1 to 128 letters, digits and any of _ . , @ / : # -")
]
"""What AWS IoT lets an attribute of a thing be called."""
Topic = Annotated[
    str,
    form(
        r"(?=.{1,256}$)([^\s{}?$]|\{thing\}|\$aws/)+",
        "a topic of 1 to 256 characters: no blank, no ?, no $ but in $aws/, and no braces but in {thing}",
    ),
]
"""An MQTT topic for a policy: no space, and no braces but those of `{thing}`, so that no policy variable gets in."""
RoleArn = Annotated[str, form(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", "the ARN of a role, arn:aws:iam::…:role/…")]
LeaseHours = Annotated[int, Field(ge=1, le=8760)]


class Silence(StrEnum):
    """What it means when nobody answers a request for approval in time."""

    ACT = "act"
    """Carry the plan out, within a fresh reservation of the budget, and never where a person must decide."""
    LEAVE = "leave"
    """Leave the thing as it is; the incident ends escalated, and nobody is paged again."""
    ESCALATE = "escalate"
    """As leave, and page again."""


class PlaybookPolicy(Word):
    """How far one playbook goes. The narrowest of what applies counts."""

    mode: Mode
    """The furthest that it ever goes: observe shows the plan, approve asks, automatic carries it out."""
    severity: dict[Severity, Mode] = Field(default_factory=dict)
    """The furthest for alarms of that severity."""
    criticality: dict[Criticality, Mode] = Field(default_factory=dict)
    """The furthest for things of that criticality; for safety-critical and unknown it is never beyond approve."""
    shared_certificate: Mode = Mode.APPROVE
    """The furthest for a thing that shares a certificate with others, whom no plan ever touches."""
    silence: Silence = Silence.ESCALATE
    """What it means when nobody answers a request for approval: act, leave (the thing as it is) or escalate."""
    silence_by_criticality: dict[Criticality, Silence] = Field(default_factory=dict)
    """The same for things of that criticality, instead; for safety-critical and unknown it never acts."""
    approval_minutes: Minutes = 60
    """How long a request for approval waits."""
    two_approvers: list[Criticality] = Field(default_factory=list)
    """For things of these, two distinct identities must be behind a plan, as behind any irreversible one."""


class CriticalityRules(Word):
    """Where a thing's criticality is read from; where several say something, the most critical counts."""

    attribute: AttributeName = "criticality"
    """The thing attribute that says it in one of the words; any other word reads as unknown."""
    groups: dict[Name, Criticality] = Field(default_factory=dict)
    """What being in a group, or in one of its child groups, says."""
    types: dict[Name, Criticality] = Field(default_factory=dict)
    """What being of a type says."""


class BudgetRule(Word):
    """How many things automatic answers may touch within any `window_minutes`. All that apply must have room."""

    scope: Literal["fleet", "group", "type"]
    """Of what it is a budget."""
    name: Name | None = None
    """The group, with its child groups, or the type; without one, each group or type has this budget by itself."""
    things: int | None = Field(default=None, ge=0, le=MOST_THINGS)
    """How many things; 0 means that a person decides about each."""
    percent: float | None = Field(default=None, ge=0, le=100)
    """Of the things that the fleet, group or type has; where `things` is given too, the smaller counts."""
    window_minutes: Minutes = 60
    """Within any time of this length."""

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        if self.things is None and self.percent is None:
            raise PydanticCustomError("budget", "things, percent or both")
        if self.scope == "fleet" and self.name is not None:
            raise PydanticCustomError("budget", "no name: there is one fleet", {"at": ("name",)})
        return self


class OutbreakRule(Word):
    """From how many things within `window_minutes` on alarms that have something in common are one outbreak."""

    things: int = Field(default=20, ge=2, le=MOST_THINGS)
    """From how many things on."""
    window_minutes: Minutes = 60
    """Within any time of this length."""


class Outbreaks(Word):
    """What makes an outbreak: things with the same behavior, in the same group, or with the same firmware."""

    behavior: OutbreakRule | None = OutbreakRule()
    """Things whose alarms name the same behavior; null: that makes none."""
    group: OutbreakRule | None = OutbreakRule()
    """Things of the same group; null: that makes none."""
    firmware: OutbreakRule | None = OutbreakRule()
    """Things with the same firmware; null: that makes none."""
    firmware_attribute: AttributeName = "firmwareVersion"
    """The thing attribute that names the firmware."""


class Leases(Word):
    """For how many hours a quarantine may last before a person must look."""

    hours: LeaseHours = 72
    """For any thing."""
    by_criticality: dict[Criticality, LeaseHours] = Field(default_factory=dict)
    """For things of that criticality, instead."""


class Alarms(Word):
    """Which alarms are answered without a person."""

    max_age_hours: int = Field(default=336, ge=0, le=8760)
    """An alarm raised longer ago than this goes to a person; 0 means no limit."""
    guardduty_samples: Literal["ignore", "answer"] = "ignore"
    """What becomes of findings that GuardDuty made up for a trial."""


class Identities(Word):
    """Whose word counts as whose."""

    session_name_pinned_roles: list[RoleArn] = Field(default_factory=list, max_length=100)
    """ARNs of roles whose trust policy pins `sts:RoleSessionName` to the person: each session name is an identity."""


class People(Word):
    """Whom a request or a ticket names."""

    on_call: Words | None = None
    """Who is on call, as a request names them: a rota, a channel."""
    tickets: Literal["OpsCenter"] = "OpsCenter"
    """Where tickets are."""


class ResponsePolicy(Document):
    """All of it. Only `playbooks` must be said; a playbook that is not named asks for approval."""

    schema_version: Literal[1] = 1
    """The version of this form."""
    playbooks: dict[Name, PlaybookPolicy]
    """How far each playbook goes, by its name."""
    criticality: CriticalityRules = CriticalityRules()
    """Where a thing's criticality is read from."""
    budgets: list[BudgetRule] = Field(default_factory=list, max_length=50)
    """How many things may be answered automatically. None that applies: nothing is done without a person."""
    windows: Windows | None = None
    """When Cordon may act by itself; without them, at any time."""
    freezes: list[Freeze] = Field(default_factory=list, max_length=100)
    """When it may not, whatever the windows say."""
    exemptions: list[Exemption] = Field(default_factory=list, max_length=500)
    """About what a person always decides, for a while."""
    restrict_topics: list[Topic] = Field(default_factory=list, max_length=20)
    """What a safety-critical thing is denied once a person approves; `{thing}` stands for its name."""
    outbreaks: Outbreaks = Outbreaks()
    """When many incidents are one, before a person."""
    leases: Leases = Leases()
    """How long a quarantine may last before a person must look."""
    alarms: Alarms = Alarms()
    """Which alarms are answered."""
    identities: Identities = Identities()
    """Whose word counts as whose."""
    people: People = People()
    """Whom a request or a ticket names."""

    @property
    def named_groups(self) -> frozenset[str]:
        """Every group that criticality or an exemption names: what is said of one is said of its child groups too."""
        return frozenset(self.criticality.groups) | {one.group for one in self.exemptions if one.group is not None}
