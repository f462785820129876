"""The paths of an incident at the desk, made of an id that a person typed."""

from __future__ import annotations

import re

from oncall.errors import bad

INCIDENT_ID = re.compile(r"inc-\d{8}-[0-9a-f]{10}")
_HASH = re.compile(r"[0-9a-f]{64}")


def path_of(incident: str, act: str = "") -> str:
    """Return the path of the incident, or of an act on it (`approve`, `reject`).

    Raises:
        BadUsage: it is no id of an incident: nothing else may become part of a path that is signed.
    """
    if not INCIDENT_ID.fullmatch(incident):
        raise bad("INCIDENT", incident, "an incident's id, such as inc-20261123-0123456789")
    return f"/incidents/{incident}" + (f"/{act}" if act else "")


def checked_hash(plan: str) -> str:
    """Return the hash of a plan as it is.

    Raises:
        BadUsage: it is none, or only the beginning of one: who approves a plan names it whole.
    """
    if not _HASH.fullmatch(plan):
        raise bad("--plan", plan, "the plan's hash, 64 hex digits, as the request shows it")
    return plan
