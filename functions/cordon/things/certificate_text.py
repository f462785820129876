"""What stands in a certificate: the kind of its key, who issued it and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_CURVES = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}


class CertificateText(NamedTuple):
    """What was read: a kind of key such as `rsa-2048`, a name as RFC 4514 writes it, and a moment."""

    key: str
    issuer: str
    issued_at: datetime


def certificate_text(pem: str) -> CertificateText | None:
    """Return what the certificate says; None where it cannot be read.

    AWS IoT takes certificates that a strict reader refuses, from whatever CA a customer has.
    """
    # Loading its library takes 25 ms, a twentieth of a cold start's imports, and few functions read a certificate.
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        issuer = certificate.issuer.rfc4514_string()
        return CertificateText(_kind_of_key(certificate), issuer, certificate.not_valid_before_utc)
    except (ValueError, TypeError, x509.UnsupportedGeneralNameType):
        return None


def _kind_of_key(certificate: Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - as above

    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ec-{_CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.lower().removesuffix("publickey")
