"""What IAM says to a session of a role alias's role: read where moto keeps it, as the registry does."""

from __future__ import annotations

from typing import Any

from moto.iam.models import iam_backends

from playtest.fleet.policy_language import Decision, Request, decide, parse

_ANY_ACT = ("s3:PutObject", "arn:aws:s3:::plant-videos/clip.mp4")
"""What the cameras want the credentials for."""


def is_denied(account: str, role_arn: str, certificate_id: str) -> bool:
    """Say whether a managed policy on the role denies a session that was handed out to this certificate.

    The condition key is in every request with such credentials (AWS-FACTS 1.7). A change of a policy counts at once:
    IAM takes seconds, which no playbook waits for.
    """
    action, resource = _ANY_ACT
    request = Request(action, resource, {"credentials-iot:AwsCertificateId": certificate_id})
    return decide(map(parse, _documents(account, role_arn)), request) is Decision.EXPLICIT_DENY


def denied_certificates(account: str, policy_arn: str) -> list[str]:
    """Return the certificate ids that the default version of a policy names, in order; KeyError if there is none."""
    [statement] = parse(_default(iam_backends[account]["aws"].managed_policies[policy_arn])).statements
    return sorted(wanted for condition in statement.conditions for wanted in condition.wanted if wanted != "none")


def _documents(account: str, role_arn: str) -> list[str]:
    roles = iam_backends[account]["aws"].roles.values()
    return [_default(policy) for role in roles if role.arn == role_arn for policy in role.managed_policies.values()]


def _default(policy: Any) -> str:
    return next(str(version.document) for version in policy.versions if version.is_default)
