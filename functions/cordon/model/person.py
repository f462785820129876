"""Whether two identities may be one person: the one answer for whatever takes two people.

An identity is the ARN of a user, of a role, or of a role's session where the response policy of that moment pinned its
name (`response.identity`). So what was said under another policy says by its form what it was worked out as.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SESSION = re.compile(r"(arn:[^:]*):sts:(:\d*):assumed-role/([^/]+)/(.+)", re.DOTALL)
_PATHED = re.compile(r"(arn:[^:]*:iam::\d*:(?:user|role)/)(?:.*/)?([^/]+)", re.DOTALL)


def is_same_person(one: str, other: str) -> bool:
    """Say whether two identities cannot be told apart as two people.

    Spelling makes no two of one: IAM's names differ in more than case, and a user's path may be changed. A role and any
    session of it may be one; two sessions of it are two only where both were pinned, which their form says.
    """
    (role, session), (other_role, other_session) = _parts(one), _parts(other)
    return role == other_role and (session is None or other_session is None or session == other_session)


def people_among(identities: Iterable[str]) -> int:
    """Return how many people these identities are at the least: the most of them that are all told apart."""
    sessions: dict[str, set[str]] = {}
    for identity in identities:
        owner, session = _parts(identity)
        sessions.setdefault(owner, set()).update([session] if session else [])
    return sum(max(1, len(names)) for names in sessions.values())


def _parts(identity: str) -> tuple[str, str | None]:
    """Return the user or role, without its path, and the session, where the identity is one."""
    plain = identity.casefold()
    if session := _SESSION.fullmatch(plain):
        return f"{session[1]}:iam:{session[2]}:role/{session[3]}", session[4]
    pathed = _PATHED.fullmatch(plain)
    return (f"{pathed[1]}{pathed[2]}" if pathed else plain), None
