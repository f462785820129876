"""What a GuardDuty finding tells of a device. No finding ever names a thing (AWS-FACTS 2): these are clues, no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cordon.alarms.guardduty_finding import AccessKeyDetails, Actor, Finding, SequenceResource
from cordon.model.alarm import Clue, ClueKind

MOST_CLUES = 20
"""Clues that are kept: each is looked up with several calls of AWS IoT."""

ASSUMED_ROLE = "AssumedRole"
_SESSION = re.compile(r"(?:user:AssumedRole:)?([A-Z0-9]{16,128}):([0-9a-f]{64})")
"""`<role id>:<session name>`, where the name has the form of a certificate id: the credentials provider of AWS IoT
names its sessions so (M; seen in its logs), and so may anybody who may assume another role."""
_INSTANCE = re.compile(
    r"(?:arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):instance/)?(i-(?:[0-9a-f]{8}|[0-9a-f]{17}))"
)


def clues_of(finding: Finding) -> tuple[list[Clue], int]:
    """Return the clues, each once, and how many more there were than are kept.

    Whatever belongs to another account or Region than the finding is no clue: nothing of ours has that name.
    """
    found = list(dict.fromkeys(_all(finding)))
    return found[:MOST_CLUES], max(0, len(found) - MOST_CLUES)


def _all(finding: Finding) -> Iterator[Clue]:
    resource, detection = finding.resource, finding.service.detection
    yield from _of_key(resource.access_key_details)
    if resource.instance_details:
        yield from _of_instance(resource.instance_details.instance_id, finding)
    if detection and detection.sequence:
        for actor in detection.sequence.actors:
            yield from _of_actor(actor, finding)
        for one in detection.sequence.resources:
            yield from _of_resource(one, finding)


def _of_key(details: AccessKeyDetails | None) -> Iterator[Clue]:
    if details and details.user_type == ASSUMED_ROLE:
        yield from _of_session(details.principal_id)


def _of_session(principal: str | None) -> Iterator[Clue]:
    if match := _SESSION.fullmatch(principal or ""):
        yield Clue(kind=ClueKind.CERTIFICATE_SESSION, value=match[2], role_id=match[1])


def _of_instance(name: str | None, finding: Finding) -> Iterator[Clue]:
    match = _INSTANCE.fullmatch(name or "")
    if match and (match[1] or finding.region, match[2] or finding.account_id) == (finding.region, finding.account_id):
        yield Clue(kind=ClueKind.EC2_INSTANCE, value=match[3])


def _of_actor(actor: Actor, finding: Finding) -> Iterator[Clue]:
    user = actor.user
    account = user.account.uid if user and user.account else None
    if user and user.type == ASSUMED_ROLE and account in {None, finding.account_id}:
        yield from _of_session(user.uid)
        yield from _of_session(actor.id)


def _of_resource(resource: SequenceResource, finding: Finding) -> Iterator[Clue]:
    is_ours = resource.account_id in {None, finding.account_id} and resource.region in {None, finding.region}
    if not is_ours:
        return
    if resource.data:
        yield from _of_key(resource.data.access_key)
    yield from _of_instance(resource.uid, finding)
