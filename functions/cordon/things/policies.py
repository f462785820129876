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
    """Return a matcher of a pattern: `*` is any run of characters, `?` any one; case does not count."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.IGNORECASE)


_VARIABLE = re.compile(r"\$\{[^}]*\}")
"""A policy variable: it stands for what only the broker knows, and is taken for anything."""


def _allowed_patterns(document: str) -> list[tuple[list[str], list[str]]]:
    """Return the action and resource patterns of each Allow statement; `*` where the document is not what we know."""
    try:
        statements = json.loads(document)["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        return [
            (_texts(statement["Action"]), [_VARIABLE.sub("*", one) for one in _texts(statement.get("Resource", "*"))])
            for statement in listed
            if statement["Effect"] == "Allow"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [(["*"], ["*"])]


def _texts(value: object) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value])]


def allows_anything(policy: AttachedPolicy) -> bool:
    """Say whether the policy has any Allow at all; one without can only take away."""
    return any(actions for actions, _ in _allowed_patterns(policy.document))


def allows(policies: Iterable[AttachedPolicy], action: str, resource: str | None = None) -> list[str]:
    """Return the names of the policies with an Allow for `action`, whatever is denied.

    On `resource` (an ARN), as far as can be told; on any where none is given.
    """
    return [
        policy.name
        for policy in policies
        if any(
            _any_matches(actions, action) and (resource is None or _any_matches(resources, resource))
            for actions, resources in _allowed_patterns(policy.document)
        )
    ]


def _any_matches(patterns: Iterable[str], text: str) -> bool:
    return any(_matcher(pattern).fullmatch(text) for pattern in patterns)
