"""How the report shows values: short, on one line, and never as anything but plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cordon.model.text import quoted

_LONG_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
_SIDES: Mapping[str, tuple[str, str]] = {
    "policy_attachment": ("detached", "attached"),
    "group_membership": ("out", "in"),
    "sts_deny": ("good", "denied"),
}
"""What false and true mean in a change of this action."""


def plain(text: str, limit: int = 300) -> str:
    """Return text from outside on one line, control characters replaced, cut to `limit` characters."""
    return quoted(" ".join(text.split()), limit)[1:-1]


def short(text: str, limit: int = 300) -> str:
    """Return `text` plain, and each certificate id or hash in it cut to its first eight digits."""
    return _LONG_ID.sub(r"\1…", plain(text, limit))


def side(value: Any, action: str = "") -> str:
    """Return one side of a change, or of a difference of the fleet, in a few words."""
    if isinstance(value, bool):
        no, yes = _SIDES.get(action, ("no", "yes"))
        return yes if value else no
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(side(item) for item in value) or "none"
    if (statements := _statements(value)) is not None:
        return f"a policy of {count(statements, 'statement')}"
    return short(value if isinstance(value, str) else json.dumps(value))


def _statements(value: Any) -> int | None:
    """Return how many statements a policy has, given as an object or as its text; None where it is no policy."""
    try:
        document = json.loads(value) if isinstance(value, str) else value
        return len(document["Statement"])
    except (ValueError, TypeError, KeyError):
        return None


def duration(seconds: float | None) -> str:
    """Return seconds as people say them: `0.4 s`, `9 min 1 s`; `never` for None."""
    if seconds is None:
        return "never"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 thing`, `2 things`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
