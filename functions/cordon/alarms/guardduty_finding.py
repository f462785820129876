"""A GuardDuty finding as EventBridge delivers it: of all its fields, those that are read.

Shapes are those of botocore's `guardduty` model, 2017-11-28, in camelCase as in events or in PascalCase as GetFindings
has them. GuardDuty's data drifts (AWS-FACTS 2): a number or a truth may come as text, a time as ISO 8601 or as epoch
seconds or milliseconds, and `null` stands for absent. What is not read may hold anything.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from cordon.alarms.envelope import iso_moment

FINDING_ARN = re.compile(
    r"arn:aws[a-z-]*:guardduty:(?P<region>[a-z0-9-]{1,32}):(?P<account>[0-9]{12})"
    r":detector/[0-9A-Za-z-]{1,128}/finding/[0-9A-Za-z-]{1,128}"
)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_MILLISECONDS_FROM = 100_000_000_000
"""As seconds this is the year 5138, as milliseconds 1973: what is larger is milliseconds."""


def _number(value: Any) -> Any:
    """Read a number that came as text; anything else is left for the type to judge."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _flag(value: Any) -> Any:
    """Read a truth that came as text."""
    words = {"true": True, "false": False}
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


def _moment(value: Any) -> datetime:
    """Read a time in any of the forms in which GuardDuty's events have had it."""
    read = _number(value)
    if isinstance(read, bool) or not isinstance(read, int | float):
        return iso_moment(value)
    try:
        return datetime.fromtimestamp(read / 1000 if read >= _MILLISECONDS_FROM else read, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise PydanticCustomError("moment", "a time, in ISO 8601 with its zone or as epoch time") from None


Severity = Annotated[float, Field(ge=1, le=10), BeforeValidator(_number)]
Count = Annotated[int, Field(ge=0, le=2**53), BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Account = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]


class _Part(BaseModel):
    """A part of a finding, however its keys begin."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _in_camel_case(cls, value: Any) -> Any:
        """Spell the keys in one way, and leave out what is not read or null; one key in both spellings is a trap."""
        if not isinstance(value, dict):
            return value
        known = {field.alias or name for name, field in cls.model_fields.items()}
        found: dict[str, Any] = {}
        for key, member in value.items():
            name = key[:1].lower() + key[1:]
            if name in found:
                raise PydanticCustomError("key_twice", "{key} in one spelling only", {"key": name})
            if name in known and member is not None:
                found[name] = member
        return found


class AccessKeyDetails(_Part):
    """Whose credentials were used; of a role session, `<role id>:<session name>`."""

    principal_id: str | None = Field(default=None, alias="principalId")
    user_type: str | None = Field(default=None, alias="userType")
    user_name: str | None = Field(default=None, alias="userName")


class InstanceDetails(_Part):
    """The EC2 instance that acted or was acted upon."""

    instance_id: str | None = Field(default=None, alias="instanceId")


class Resource(_Part):
    """What the finding is about; of an attack sequence nothing but its type."""

    resource_type: str | None = Field(default=None, alias="resourceType")
    access_key_details: AccessKeyDetails | None = Field(default=None, alias="accessKeyDetails")
    instance_details: InstanceDetails | None = Field(default=None, alias="instanceDetails")


class UserAccount(_Part):
    """The account within which an actor acted."""

    uid: str | None = None


class User(_Part):
    """The credentials of an actor of a sequence."""

    name: str | None = None
    uid: str | None = None
    type: str | None = None
    account: UserAccount | None = None


class Actor(_Part):
    """Who acted in a sequence. Seen in findings: the id `user:AssumedRole:<role id>:<session name>` (M)."""

    id: str | None = None
    user: User | None = None


class ResourceData(_Part):
    """What a sequence says of a resource besides its name."""

    access_key: AccessKeyDetails | None = Field(default=None, alias="accessKey")


class SequenceResource(_Part):
    """A resource of a sequence; an instance is named by its id or by its ARN."""

    uid: str | None = None
    resource_type: str | None = Field(default=None, alias="resourceType")
    account_id: str | None = Field(default=None, alias="accountId")
    region: str | None = None
    data: ResourceData | None = None


class Sequence(_Part):
    """Several findings that GuardDuty takes for one attack."""

    actors: Annotated[list[Actor], Field(fail_fast=True)] = Field(default_factory=list)
    resources: Annotated[list[SequenceResource], Field(fail_fast=True)] = Field(default_factory=list)


class Detection(_Part):
    """How the finding was made; only a sequence is read."""

    sequence: Sequence | None = None


class AdditionalInfo(_Part):
    """Where a sample says that it is one: as a member in events, or within the text `value` as GetFindings has it."""

    sample: Flag | None = None
    value: str | None = None

    @property
    def is_sample(self) -> bool:
        """Say whether GuardDuty made the finding up for a trial."""
        if self.sample is not None:
            return self.sample
        try:
            said = json.loads(self.value or "{}")
        except (ValueError, RecursionError):
            return False
        return isinstance(said, dict) and _flag(said.get("sample")) is True


class NetworkConnection(_Part):
    """A connection that was seen: `INBOUND`, `OUTBOUND` or `UNKNOWN`, from the instance's side."""

    direction: str | None = Field(default=None, alias="connectionDirection")


class Action(_Part):
    """What was done; empty in Runtime findings."""

    action_type: str | None = Field(default=None, alias="actionType")
    network_connection: NetworkConnection | None = Field(default=None, alias="networkConnectionAction")


class Process(_Part):
    """A process that the agent on an instance has seen."""

    name: str | None = None


class RuntimeDetails(_Part):
    """What Runtime Monitoring saw within an instance: which process it was."""

    process: Process | None = None


class Service(_Part):
    """What GuardDuty says of its own work."""

    action: Action | None = None
    resource_role: str | None = Field(default=None, alias="resourceRole")
    """`ACTOR` or `TARGET`; of credentials always `TARGET`, and of Runtime findings it says nothing (GuardDuty User
    Guide, finding details)."""
    runtime_details: RuntimeDetails | None = Field(default=None, alias="runtimeDetails")
    archived: Flag = False
    count: Count | None = None
    additional_info: AdditionalInfo | None = Field(default=None, alias="additionalInfo")
    detection: Detection | None = None
    event_first_seen: Moment | None = Field(default=None, alias="eventFirstSeen")
    event_last_seen: Moment | None = Field(default=None, alias="eventLastSeen")
    user_feedback: Literal["USEFUL", "NOT_USEFUL"] | None = Field(default=None, alias="userFeedback")


class Finding(_Part):
    """The whole of `detail`."""

    account_id: Account = Field(alias="accountId")
    region: Region
    arn: str = Field(pattern=rf"^{FINDING_ARN.pattern}$")
    type: str = Field(min_length=1, max_length=256)
    severity: Severity
    title: str | None = None
    description: str | None = None
    updated_at: Moment | None = Field(default=None, alias="updatedAt")
    resource: Resource = Resource()
    service: Service = Service()
