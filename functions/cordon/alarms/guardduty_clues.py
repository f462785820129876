"""What a GuardDuty finding tells of a device. No finding ever names a thing (AWS-FACTS 2): these are clues, no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cordon.alarms.guardduty_finding import AccessKeyDetails, Action, Actor, Finding, Sequence, SequenceResource
from cordon.model.alarm import Clue, ClueKind
from cordon.model.thing import CERTIFICATE_ID

MOST_CLUES = 20
"""Clues that are kept: each is looked up with several calls of AWS IoT."""

ASSUMED_ROLE = "AssumedRole"
ACTOR: Final = "ACTOR"
TARGET: Final = "TARGET"
OUTBOUND: Final = "OUTBOUND"
_RUNTIME_TYPE = re.compile(r"[A-Za-z]+:Runtime/.+")
_DONE_TO_IT = frozenset({"PORT_PROBE", "RDS_LOGIN_ATTEMPT"})
"""Actions that are never the instance's own (botocore, `Action`), whatever else the finding says."""
_SESSION = re.compile(rf"(?:user:AssumedRole:)?([A-Z0-9]{{16,128}}):({CERTIFICATE_ID.pattern})")
"""`<role id>:<session name>`, where the name has the form of a certificate id: the credentials provider of AWS IoT
names its sessions so (M; seen in its logs), and so may anybody who may assume another role."""
_INSTANCE = re.compile(
    r"(?:arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):instance/)?(i-(?:[0-9a-f]{8}|[0-9a-f]{17}))"
)


def clues_of(finding: Finding) -> tuple[list[Clue], int]:
    """Return the clues, each once, and how many more there were than are kept.

    Whatever belongs to another account or Region than the finding is no clue: nothing of ours has that name.
    """
    found = _each_once(_all(finding))
    return found[:MOST_CLUES], max(0, len(found) - MOST_CLUES)


def instance_acted(finding: Finding) -> bool:
    """Say whether the finding's instance did what was found, and did not merely have it done to it.

    Anybody can knock at an instance, and have GuardDuty say so. Where the finding contradicts itself or does not tell,
    the answer is no.
    """
    service = finding.service
    action = service.action
    if action and (action.action_type in _DONE_TO_IT or _is_not_outbound(action)):
        return False
    if _RUNTIME_TYPE.fullmatch(finding.type) and service.runtime_details and service.runtime_details.process:
        return True  # a process of its own, as the agent within has seen it: the role is not filled in
    is_outbound = action is not None and action.network_connection is not None
    return service.resource_role == ACTOR or (is_outbound and service.resource_role != TARGET)


def _is_not_outbound(action: Action) -> bool:
    connection = action.network_connection
    if connection is None:
        return action.action_type == "NETWORK_CONNECTION"
    return connection.direction != OUTBOUND


def _all(finding: Finding) -> Iterator[Clue]:
    resource, detection = finding.resource, finding.service.detection
    # Whoever the key belongs to has used it: of credentials GuardDuty always says TARGET.
    yield from _of_key(resource.access_key_details, acted=True)
    if resource.instance_details:
        yield from _of_instance(resource.instance_details.instance_id, finding, acted=instance_acted(finding))
    if detection and detection.sequence:
        yield from _of_sequence(detection.sequence, finding)


def _of_sequence(sequence: Sequence, finding: Finding) -> Iterator[Clue]:
    """Yield the clues of a sequence: its actors acted, and of its resources those that are an actor themselves."""
    for actor in sequence.actors:
        yield from _of_actor(actor, finding)
    named = {actor.id for actor in sequence.actors}
    for resource in sequence.resources:
        yield from _of_resource(resource, finding, acted=resource.uid is not None and resource.uid in named)


def _each_once(clues: Iterator[Clue]) -> list[Clue]:
    """Return each clue once, in their order; it acted if any of those that are the same did."""
    found: dict[tuple[str, str, str | None], Clue] = {}
    for clue in clues:
        name = (clue.kind, clue.value, clue.role_id)
        if name not in found or clue.acted:
            found[name] = clue
    return list(found.values())


def _of_key(details: AccessKeyDetails | None, *, acted: bool) -> Iterator[Clue]:
    if details and details.user_type == ASSUMED_ROLE:
        yield from _of_session(details.principal_id, acted=acted)


def _of_session(principal: str | None, *, acted: bool) -> Iterator[Clue]:
    if match := _SESSION.fullmatch(principal or ""):
        yield Clue(kind=ClueKind.CERTIFICATE_SESSION, value=match[2], role_id=match[1], acted=acted)


def _of_instance(name: str | None, finding: Finding, *, acted: bool) -> Iterator[Clue]:
    match = _INSTANCE.fullmatch(name or "")
    if match and (match[1] or finding.region, match[2] or finding.account_id) == (finding.region, finding.account_id):
        yield Clue(kind=ClueKind.EC2_INSTANCE, value=match[3], acted=acted)


def _of_actor(actor: Actor, finding: Finding) -> Iterator[Clue]:
    user = actor.user
    account = user.account.uid if user and user.account else None
    if user and user.type == ASSUMED_ROLE and account in {None, finding.account_id}:
        yield from _of_session(user.uid, acted=True)
        yield from _of_session(actor.id, acted=True)


def _of_resource(resource: SequenceResource, finding: Finding, *, acted: bool) -> Iterator[Clue]:
    is_ours = resource.account_id in {None, finding.account_id} and resource.region in {None, finding.region}
    if not is_ours:
        return
    if resource.data:
        yield from _of_key(resource.data.access_key, acted=acted)
    yield from _of_instance(resource.uid, finding, acted=acted)
