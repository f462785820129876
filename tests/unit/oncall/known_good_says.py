"""What a desk answers of the known-good of pumps: the answers of `response/known_good_desk.py`, in their form."""

from __future__ import annotations

from typing import Any

from cordon.model.known_good import KnownGood

from oncall.known_good.file import KNOWN_GOOD
from oncall.yaml_file.reading import held_by
from tests.unit.oncall.desk_says import MARIA, Json
from tests.unit.oncall.signed_desk import SignedDesk

OLD = "thing_type: pump\npolicies: [plant-device]\n"
NEW = "thing_type: pump\npolicies: [plant-device]\nshadow:\n  desired:\n    /interval: 60\n"
HASH = "a" * 64
NEVER = "no known-good was ever signed for things of type pump"


def of(text: str) -> KnownGood:
    """The known-good that a file with this text holds."""
    return held_by(KNOWN_GOOD, text.encode(), "file")


def facts_of(text: str) -> Json:
    """The same as the desk tells of it."""
    return of(text).model_dump(mode="json")


def known_by(hash_: str, version: str) -> Json:
    """What people know a known-good by."""
    return {"hash": hash_, "version": version, "signed_by": MARIA, "signed_at": "2026-11-23T19:00:00Z"}


def in_force(text: str | None = OLD, **changed: Any) -> Json:
    """GET /known-good/pump, with this in force."""
    said = {"definition": facts_of(text), "known_good": known_by(of(text).hash, "v1"), "trouble": None} if text else {}
    nothing = {"definition": None, "known_good": None, "trouble": NEVER}
    return {"thing_type": "pump", **nothing, "a_newer_desk": "says more", **said, **changed}


def signed() -> Json:
    """POST /known-good."""
    return {"thing_type": "pump", **known_by(of(NEW).hash, "v2")}


def captured(text: str, **changed: Any) -> Json:
    """POST /known-good/capture."""
    made = {"definition": facts_of(text), "remarks": ["it reports no package"]}
    return {"thing_name": "pump-01", "thing_type": "pump", **made, **changed}


def checked(*drift: tuple[str, Any, Any], **changed: Any) -> Json:
    """POST /known-good/check, with these fields, what was expected and what was found."""
    rows = [{"field": field, "expected": expected, "found": found} for field, expected, found in drift]
    about = {"thing_name": "pump-01", "thing_type": "pump", "known_good": known_by(HASH, "v1"), "trouble": None}
    return {**about, "drift": rows, "a_newer_desk": "says more", **changed}


def asked(desk: SignedDesk) -> list[tuple[str, str, Any]]:
    """What the desk was asked for."""
    return [(one.method, one.path, one.body) for one in desk.asked]
