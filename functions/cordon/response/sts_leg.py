"""The leg of AWS credentials: what was handed out to a thing's certificates lives on, whatever becomes of those."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from cordon.actions.sts_deny import plan_deny
from cordon.model.change import Change, Gap
from cordon.model.incident import Containment
from cordon.model.thing import AttachedPolicy, CertificateFacts, ThingFacts
from cordon.things.policies import ASSUME_ROLE, allows
from cordon.things.role_aliases import RoleAliases, RoleAliasFacts


@dataclass(frozen=True)
class StsLegs:
    """Plans the leg of a thing. Role aliases are read only where they matter: asking IAM takes its time."""

    role_aliases: Callable[[], RoleAliases]
    policy_arn: str
    """ARN of the stack's policy that denies."""
    is_held: Callable[[str], bool] = lambda _: False
    """Says of a certificate id whether an incident has its sessions denied already."""

    def plan(
        self,
        thing: ThingFacts,
        incident_id: str,
        *,
        containment: Containment = Containment.ISOLATE,
        session_of: str | None = None,
    ) -> tuple[list[Change], list[Gap]]:
        """Return the changes and gaps of `sts_leg`; `session_of` is a certificate of which a session was seen."""
        may_ask = any(allows(_policies(thing, certificate), ASSUME_ROLE) for certificate in thing.certificates)
        known = {one.id for one in thing.certificates if one.id == session_of or self.is_held(one.id)}
        routes = self.role_aliases().all() if may_ask or known else []
        return sts_leg(
            thing,
            routes,
            self.policy_arn,
            incident_id=incident_id,
            containment=containment,
            known=known,
        )


def sts_leg(
    thing: ThingFacts,
    routes: list[RoleAliasFacts],
    policy_arn: str,
    *,
    incident_id: str,
    containment: Containment = Containment.ISOLATE,
    known: Collection[str] = (),
) -> tuple[list[Change], list[Gap]]:
    """Return the changes that deny what was handed out to the thing's own certificates, and what stays good.

    `routes` are the role aliases there are. `known` are the ids of certificates that are known to have got credentials,
    whatever their policies say by now: a session was seen, or another incident, which replaced them, has it denied.
    """
    open_to = {one.id: _routes_of(thing, one, routes, known) for one in thing.certificates}
    concerned = [certificate for certificate in thing.certificates if open_to[certificate.id]]
    if containment is Containment.RESTRICT:
        return [], [
            _left_alone(one, "the thing is only restricted, and goes on working with them") for one in concerned
        ]
    own = [certificate for certificate in concerned if not certificate.is_shared]
    shared = [certificate for certificate in concerned if certificate.is_shared]
    used = {route.role_arn: route for certificate in own for route in open_to[certificate.id]}
    return (
        [plan_deny(certificate, incident_id=incident_id) for certificate in own],
        [
            *(_left_alone(one, "it is shared, and other things would lose theirs") for one in shared),
            *(_not_carried(route, policy_arn) for route in used.values() if policy_arn not in route.policies),
        ],
    )


def _routes_of(
    thing: ThingFacts, certificate: CertificateFacts, routes: list[RoleAliasFacts], known: Collection[str]
) -> list[RoleAliasFacts]:
    """Return the role aliases by which the certificate could have got credentials."""
    policies = _policies(thing, certificate)
    prefix = thing.arn.rpartition(":")[0]
    allowed = [one for one in routes if allows(policies, ASSUME_ROLE, f"{prefix}:rolealias/{one.alias}")]
    return allowed or (routes if certificate.id in known else [])


def _policies(thing: ThingFacts, certificate: CertificateFacts) -> list[AttachedPolicy]:
    return [*certificate.policies, *(policy for group in thing.groups for policy in group.policies)]


def _left_alone(certificate: CertificateFacts, why: str) -> Gap:
    reason = f"AWS credentials that were handed out to it stay good, up to 12 hours: {why}"
    return Gap(resource=f"sts/{certificate.id}", reason=reason)


def _not_carried(route: RoleAliasFacts, policy_arn: str) -> Gap:
    """Return that sessions of a role are not denied: it does not carry the policy, or nothing is known of it."""
    if route.role_id is None:
        known = "it is not in this account, so that nobody can say whether its sessions are denied"
        return Gap(resource=f"sts/{route.role_name}", reason=f"role alias {route.alias} names this role; {known}")
    attach = f"aws iam attach-role-policy --role-name {route.role_name} --policy-arn {policy_arn}"
    reason = (
        f"this role does not carry Cordon's policy, so that credentials handed out stay good up to 12 hours: {attach}"
    )
    return Gap(resource=f"sts/{route.role_name}", reason=reason)
