"""Where a piece of evidence lies, and how to tell that it is still the same."""

from __future__ import annotations

from cordon.model.base import Word


class EvidenceRef(Word):
    """One object of the evidence bucket: its key and the SHA-256 of its bytes (64 hex digits)."""

    key: str
    sha256: str
