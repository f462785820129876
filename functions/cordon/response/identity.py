"""Whose word a signed request is: a user's or a role's, and of few roles a session's.

What AWS has verified stands in `requestContext.authorizer.iam` of a function URL with `AuthType: AWS_IAM` (Lambda,
"Invoking function URLs"). Nothing that the caller wrote is looked at, and a session's name is what he wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cordon.errors import NoIdentity
from cordon.model.text import quoted

_USER = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):user/(?:[\x21-\x7e]+/)?[\w+=,.@-]{1,64}", re.ASCII)
_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]{1,64})/([\w+=,.@-]{2,64})", re.ASCII)
_SIGNED = ("accountId", "callerId", "userArn", "userId")


@dataclass(frozen=True)
class Identity:
    """Whose word it counts as (`name`: the ARN of a user, of a role, or of a pinned role's session), and who signed."""

    name: str
    user_arn: str
    policy_read: bool = True
    """False: the response policy cannot be read, so that a session counted as its role whatever is pinned."""


def identity_of(iam: Mapping[str, Any] | None, *, account: str, pinned_roles: Sequence[str] | None) -> Identity:
    """Return the identity behind a request, for a desk in `account` (12 digits).

    `pinned_roles` are the ARNs of roles whose trust policy pins the session's name to the person; None: which they are
    cannot be read.

    Raises:
        NoIdentity: nobody signed it, or root, a federated user, another account, or what we do not know.
    """
    signed = {name: iam.get(name) for name in _SIGNED} if iam else {}
    if not signed or not all(isinstance(value, str) and value for value in signed.values()):
        raise NoIdentity("the request bears no signature of AWS")
    arn = str(signed["userArn"])
    user, session = _USER.fullmatch(arn), _SESSION.fullmatch(arn)
    found = user or session
    if found is None:
        raise NoIdentity(f"{quoted(arn)} is neither a user nor a role: nothing is decided in its name")
    if {found[2], signed["accountId"]} != {account}:
        raise NoIdentity(f"{quoted(arn)} is not of account {account}")
    policy_read = pinned_roles is not None
    if session is None:
        return Identity(arn, arn, policy_read)
    role = f"arn:{session[1]}:iam::{account}:role/{session[3]}"
    return Identity(arn if role in map(_without_path, pinned_roles or ()) else role, arn, policy_read)


def _without_path(role_arn: str) -> str:
    """Return a role's ARN as its sessions spell it: without the path, which no second role of that name can have."""
    head, _, path = role_arn.partition(":role/")
    return f"{head}:role/{path.rpartition('/')[2]}"
