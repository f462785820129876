"""What is there of a thing now, as far as it is compared with the known-good of its type."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from cordon.model.base import Word

ACTIVE = "ACTIVE"
"""The status of a certificate that lets a device in (DescribeCertificate)."""


class CertificateState(Word):
    """One certificate of the thing. What stands in its text is None where that cannot be read."""

    id: str
    """64 hex digits."""
    status: str
    exclusive: bool
    """Whether it is attached to this thing alone, and can be to no other (EXCLUSIVE_THING)."""
    policies: list[str]
    """The names of those attached to it, in order."""
    key: str | None
    """As `model.known_good.KeyKind` calls the kinds, or another text for another kind."""
    issuer: str | None
    """As RFC 4514 writes names."""
    issued_at: AwareDatetime | None
    """From when on it is valid."""


class ThingState(Word):
    """All that a known-good speaks of. What the device itself has said, of its packages, is only what it says."""

    name: str
    type_name: str | None
    attributes: dict[str, str]
    groups: list[str]
    """Static groups in which it is, in order."""
    groups_above: list[str] = Field(default_factory=list)
    """Groups in which those lie."""
    certificates: list[CertificateState]
    desired: dict[str, Any]
    """What is desired of its classic shadow."""
    packages: dict[str, str]
    """Version by package, as the device has reported them in its shadow `$package`."""

    @property
    def active(self) -> list[CertificateState]:
        """Its certificates that let a device in."""
        return [one for one in self.certificates if one.status == ACTIVE]
