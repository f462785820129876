"""Text from outside, made safe to show: in a ticket, a page, a log line or an error."""

from __future__ import annotations

import json
import re
import unicodedata

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@^=])")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Not only where a word begins: Markdown and mail clients make a link of `_http://…` too.
_LINKS = re.compile(r"(?i)(https?|ftp|mailto|javascript|data):")


def _printable(text: str) -> str:
    """Replace control, format (bidirectional overrides too) and line-break characters with a visible stand-in."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNPRINTABLE else c for c in text)


def shortened(text: str, limit: int) -> str:
    """Cut `text` to `limit` characters, and say by an ellipsis that it was cut."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def quoted(value: object, limit: int = 120) -> str:
    """Show a value from outside in one line of an error: its JSON, printable, cut to `limit` characters."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    shown = shortened(_printable(text[: limit * 2]), limit)
    return f"'{shown}'" if isinstance(value, str) else shown


def escaped(text: str, limit: int = 256) -> str:
    """Make text from outside inert in Markdown and HTML, on one line, `limit` characters of it at most.

    OpsCenter renders descriptions as Markdown, and mail clients make links of what looks like one: markup characters
    are escaped with a backslash, angle brackets and ampersands become entities, and a link's scheme loses its colon.
    """
    plain = _LINKS.sub(r"\1 ", shortened(_printable(" ".join(text.split())), limit))
    entities = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return _MARKUP.sub(lambda match: entities.get(match[1], "\\" + match[1]), plain)
