"""What no change of a plan closes: each way by which the thing can still act, named with what is known of it."""

from __future__ import annotations

from collections.abc import Iterable

from cordon.model.change import Gap
from cordon.model.text import quoted
from cordon.model.thing import CertificateFacts, ThingFacts
from cordon.response.policy_documents import would_be_pattern
from cordon.things.policies import allows_anything

_MOST_SHOWN = 10
"""Client ids that one gap names; the capsule has all that were read."""


def gaps_of(thing: ThingFacts) -> list[Gap]:
    """Return what stays open of a thing when everything of its own is cut off."""
    return [*_client_ids(thing), *_principals(thing), *_dynamic_groups(thing)]


def shared(certificate: CertificateFacts) -> Gap:
    """Return why a certificate that others live on too is never more than partly contained."""
    others = len(certificate.things) - 1
    return Gap(
        resource=f"certificate/{certificate.id}",
        reason=f"it is shared with {others} other {'thing' if others == 1 else 'things'} and stays as it is: "
        "whoever has its key can choose another client id",
    )


def not_denied(certificate: CertificateFacts, client_ids: list[str]) -> Gap:
    """Return the client ids that found no room in the policy that denies."""
    shown = ", ".join(map(quoted, client_ids[:_MOST_SHOWN]))
    more = f" and {len(client_ids) - _MOST_SHOWN} more" if len(client_ids) > _MOST_SHOWN else ""
    return Gap(resource=f"certificate/{certificate.id}", reason=f"a policy has no room for client ids {shown}{more}")


def no_room(certificate: CertificateFacts) -> Gap:
    """Return that nothing can be denied on a certificate that carries all the policies that AWS lets it."""
    return Gap(
        resource=f"certificate/{certificate.id}",
        reason=f"it carries {len(certificate.policies)} policies, the most that AWS allows: nothing is denied on it",
    )


def nothing_to_deny(certificate: CertificateFacts) -> Gap:
    """Return that no client id is known to be the thing's own, so that none may be denied."""
    return Gap(
        resource=f"certificate/{certificate.id}", reason="no client id is known to be this thing's own: none is denied"
    )


def still_connected(thing: ThingFacts, topics: list[str]) -> Gap:
    """Return what denying a few topics leaves open: everything else."""
    return Gap(
        resource=f"connection/{thing.name}",
        reason=f"it stays connected: it is only denied {', '.join(map(quoted, topics))}",
    )


def not_restricted(certificates: Iterable[CertificateFacts]) -> list[Gap]:
    """Return the certificates on which no topic is denied, because other things would be denied it too."""
    reason = "it is shared with other things: no topic is denied on it"
    return [Gap(resource=f"certificate/{certificate.id}", reason=reason) for certificate in certificates]


def without_certificate(thing: ThingFacts) -> list[Gap]:
    """Return every other way by which a thing without a certificate may come."""
    none = Gap(resource="certificate/none", reason="it has no certificate that could be shut off")
    if thing.other_principals:
        return [none]  # each principal is a gap of its own
    reason = (
        "nothing is known of how it comes: with a custom authorizer, what a connection may do is what that decides, "
        "and with IAM credentials what their role allows"
    )
    return [none, Gap(resource="principal/unknown", reason=reason)]


def _client_ids(thing: ThingFacts) -> list[Gap]:
    foreign = [
        Gap(resource=f"connection/{session.client_id}", reason=f"this client id is left alone: {session.foreign}")
        for session in thing.sessions
        if session.foreign
    ]
    patterns = [
        Gap(resource=f"connection/{session.client_id}", reason="this client id would be a pattern in a policy")
        for session in thing.sessions
        if not session.foreign and would_be_pattern(session.client_id)
    ]
    beyond = [
        Gap(resource=f"certificate/{one}", reason="more client ids connected with it than were looked at")
        for one in thing.more_client_ids
    ]
    return foreign + patterns + beyond


def _principals(thing: ThingFacts) -> list[Gap]:
    reason = "what it may do is decided by the policies and the role of this principal, which is no certificate"
    return [Gap(resource=f"principal/{arn}", reason=reason) for arn in thing.other_principals]


def _dynamic_groups(thing: ThingFacts) -> list[Gap]:
    """Return what the thing may go on doing as a member of groups that it cannot be taken out of."""
    return [
        Gap(
            resource=f"group/{group.name}",
            reason=f"policy {policy.name} goes on allowing what it allows: the group is dynamic, and AWS lets nobody "
            "take a thing out of it",
        )
        for group in thing.groups
        if group.query is not None
        for policy in group.policies
        if allows_anything(policy)
    ]
