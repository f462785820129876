"""What an IoT policy allows, as far as containment must know it. A policy that cannot be read allows everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache

from cordon.model.thing import AttachedPolicy

ASSUME_ROLE = "iot:AssumeRoleWithCertificate"
"""The action by which a device gets AWS credentials of a role alias; they outlive its certificate by up to 12 hours."""


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    """Return a matcher of an action pattern: `*` is any run of characters, `?` any one; case does not count."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.IGNORECASE)


def _allowed_patterns(document: str) -> list[str]:
    """Return the action patterns of every Allow statement; `*` where the document is not what we know."""
    try:
        statements = json.loads(document)["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        actions = [statement["Action"] for statement in listed if statement["Effect"] == "Allow"]
        return [str(one) for action in actions for one in (action if isinstance(action, list) else [action])]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ["*"]


def allows_anything(policy: AttachedPolicy) -> bool:
    """Say whether the policy has any Allow at all; one without can only take away."""
    return bool(_allowed_patterns(policy.document))


def allows(policies: Iterable[AttachedPolicy], action: str) -> list[str]:
    """Return the names of the policies with an Allow for `action`, whatever the resource and whatever is denied."""
    return [
        policy.name
        for policy in policies
        if any(_matcher(pattern).fullmatch(action) for pattern in _allowed_patterns(policy.document))
    ]
