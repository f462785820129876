from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cordon.things.certificate_text import certificate_text
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CA = ec.generate_private_key(ec.SECP256R1())


def certificate(key: object) -> str:
    """A certificate for this key, of a CA whose name has signs that RFC 4514 writes otherwise."""
    public = key.public_key()  # type: ignore[attr-defined] # of any kind
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Pumps, Inc."),
                x509.NameAttribute(NameOID.COMMON_NAME, "Plant CA"),
            ]
        ),
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pump-01")]),
        public_key=public,
        serial_number=1,
        not_valid_before=START,
        not_valid_after=START + timedelta(days=1),
    )
    return builder.sign(CA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (rsa.generate_private_key(65537, 2048), "rsa-2048"),
        (rsa.generate_private_key(65537, 1024), "rsa-1024"),  # noqa: S505 - a weak key is what shall be seen
        (ec.generate_private_key(ec.SECP256R1()), "ec-p256"),
        (ec.generate_private_key(ec.SECP384R1()), "ec-p384"),
        (ec.generate_private_key(ec.SECP521R1()), "ec-p521"),
        (ec.generate_private_key(ec.SECP256K1()), "ec-secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_kind_of_a_key_is_told_by_algorithm_and_size(key: object, kind: str) -> None:
    """Weak and strange ones too: what is not in the known-good is drift."""
    read = certificate_text(certificate(key))
    assert read is not None
    assert read.key == kind


def test_issuer_and_moment_are_read() -> None:
    """The issuer as RFC 4514 writes it, the last part of the name first; the moment with its zone."""
    read = certificate_text(certificate(CA))
    assert read is not None
    assert (read.issuer, read.issued_at) == ("CN=Plant CA,O=Pumps\\, Inc.", START)


@pytest.mark.parametrize(
    "pem", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_cannot_be_read_is_none(pem: str) -> None:
    """AWS IoT may hold certificates that a strict reader refuses: no error, and nothing is taken for granted."""
    assert certificate_text(pem) is None
