"""Give moto's list operations the pages that AWS gives, so that code which reads only the first page fails here too."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult

from playtest.local_aws.request_shapes import members

DEFAULT_PAGE = 25
"""Entries a page where the caller asks for no size. AWS documents 25 for most IoT lists (M)."""


class BadToken(ValueError):
    """The token of a page was not one of ours."""


@dataclass(frozen=True)
class Pages:
    """Where a list operation keeps its entries, and what its page members are called."""

    entries: str
    asked: str = "nextToken"
    given: str = "nextToken"
    size: str = "maxResults"


def markers(entries: str) -> Pages:
    """Return the pages of the older IoT operations, which call them by marker and pageSize."""
    return Pages(entries, asked="marker", given="nextMarker", size="pageSize")


def in_pages(pages: Pages, list_all: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """Return the operation `list_all` (a method of a moto Response that returns everything) cut into pages.

    The operation raises BadToken for a token that it did not give out.
    """

    def one_page(response: Any) -> ActionResult:
        result: Any = list_all(response).result
        everything = list(result[pages.entries])
        asked = members(response)
        start, size = _offset(asked.get(pages.asked)), asked.get(pages.size) or DEFAULT_PAGE
        following = _token(start + size) if start + size < len(everything) else None
        return ActionResult({**result, pages.entries: everything[start : start + size], pages.given: following})

    return one_page


def _token(offset: int) -> str:
    return base64.b64encode(f"page:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        kind, _, offset = base64.b64decode(token, validate=True).decode().partition(":")
        if kind == "page":
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise BadToken(token)
