"""A thing and what hangs on it, as facts read from AWS IoT before anything is decided."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import AwareDatetime, Field

from cordon.model.base import SCHEMA_VERSION, Word

THING_NAME = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
"""AWS IoT's own rule for thing names (CreateThing, `thingName`)."""
CERTIFICATE_ID = re.compile(r"[0-9a-f]{64}")
"""AWS IoT's own rule for certificate ids (DescribeCertificate, `certificateId`; it gives none with capitals)."""


class Criticality(StrEnum):
    """What happens when the thing stops. Unknown means that its attribute says something we do not understand."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"
    SAFETY_CRITICAL = "safety-critical"
    UNKNOWN = "unknown"


class AttachedPolicy(Word):
    """An IoT policy: its name and the text of its default version, exactly as AWS returned it."""

    name: str
    document: str


class CertificateFacts(Word):
    """One certificate of the thing: id (64 hex), status, own policies, and every thing that it serves."""

    id: str
    arn: str
    status: str
    policies: list[AttachedPolicy]
    things: list[str]

    @property
    def is_shared(self) -> bool:
        """Say whether another thing lives on this certificate too."""
        return len(self.things) > 1


class GroupFacts(Word):
    """A thing group that holds the thing, with the policies that it and its parents carry."""

    name: str
    arn: str
    policies: list[AttachedPolicy]
    query: str | None = None
    """What chooses the members of a dynamic group: AWS lets nobody take a thing out of it. None: a static group, or
    one whose policies allow nothing, so that it does not matter."""


class SessionFacts(Word):
    """What the broker says of one MQTT client id, which whoever has the key may have chosen."""

    client_id: str
    connected: bool | None
    """None: AWS could not say."""
    reason: str | None = None
    """The last disconnect reason, in AWS's words."""
    left_at: AwareDatetime | None = None
    """When its last session ended; None: it is connected, or the broker has forgotten it (after half an hour)."""
    foreign: str | None = None
    """Why this client id is not the thing's to be dropped or denied, as a sentence; None: it is the thing's own."""
    thing_name: str | None = None
    """The thing that AWS takes the session for; None: it cannot tell, or there is no session."""


class ThingFacts(Word):
    """All that containment depends on and could change, read in one go: the capsule of the thing."""

    schema_version: int = SCHEMA_VERSION
    name: str
    arn: str
    type_name: str | None
    attributes: dict[str, str]
    version: int
    criticality: Criticality
    certificates: list[CertificateFacts]
    other_principals: list[str]
    """Principals that are no certificate (Cognito identities): named, since no action of ours can cut them."""
    groups: list[GroupFacts]
    groups_above: list[str] = Field(default_factory=list)
    """Names of the groups in which its own groups lie; looked up only where the response policy may name one."""
    sessions: list[SessionFacts] = Field(default_factory=list)
    recorded_client_ids: list[str] = Field(default_factory=list)
    """Client ids that only recorded connections tell of: whoever has the thing's key may have chosen anybody's."""
    more_client_ids: list[str] = Field(default_factory=list)
    """Ids of certificates with which more client ids connected than were looked at."""
