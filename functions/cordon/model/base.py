"""What every word of the record has in common: frozen, checked, versioned when it is written."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1
"""Version of everything that Cordon writes: records outlive deploys."""


class Word(BaseModel):
    """A value of our own making: frozen, and an unknown field is an error, so that nothing is written by mistake.

    What is read back from the record may know more than this version does: `incidents.record.parsed` leaves that out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def canonical_json(value: Any) -> str:
    """Return `value` as JSON with one spelling only (sorted keys, no spaces), so that equal values hash equally."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def sha256_hex(data: bytes | str) -> str:
    """Return the SHA-256 of `data` (text is taken as UTF-8) as 64 lower-case hex digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


class Document(Word):
    """A Word that people write as a file and that is kept as JSON, known by its hash."""

    @classmethod
    def parsed(cls, text: str | bytes) -> Self:
        """Return what a JSON text holds. Nothing is read as what it is not: '3' is no number.

        Raises:
            ValidationError: it holds none; has every error.
        """
        return cls.model_validate_json(text, strict=True)

    @property
    def canonical(self) -> str:
        """It as JSON with one spelling only, as it is kept."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def hash(self) -> str:
        """SHA-256 of `canonical` (64 hex digits)."""
        return sha256_hex(self.canonical)
