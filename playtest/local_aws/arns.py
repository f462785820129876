"""Patterns over ARNs and actions, as IAM writes them: `*` for any text, `?` for one character."""

from __future__ import annotations

import functools
import re
from typing import Any


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in pattern), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Say whether `text` as a whole matches the IAM `pattern`."""
    return _compiled(pattern).fullmatch(text) is not None


def one_or_many(value: Any) -> list[Any]:
    """Return a policy element as a list, which it may be or not."""
    return list(value) if isinstance(value, list | tuple) else [value]
