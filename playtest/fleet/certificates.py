"""Real X.509 certificates for the demo fleet: one demo CA a process, EC P-256 keys, made once and kept for speed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""The kinds of key that AWS IoT takes."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""The other half of one."""

LONGEST_COMMON_NAME = 64
"""Characters that X.520 gives a common name; a thing's name may have 128."""

_LIFETIME = timedelta(days=365)


@dataclass(frozen=True)
class DeviceCertificate:
    """A certificate and the SHA-256 of its DER encoding, which is its certificate id on AWS (64 hex digits)."""

    pem: str
    certificate_id: str


class CertificateAuthority:
    """A CA with a self-signed certificate that signs for devices. Private keys never leave the process."""

    def __init__(self, common_name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(common_name)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        builder = self._builder(self._subject, self._key.public_key()).add_extension(constraints, critical=True)
        self.pem = _pem(builder.sign(self._key, hashes.SHA256()))

    def certify(self, subject: x509.Name, public_key: PublicKey) -> DeviceCertificate:
        """Return a certificate for `public_key`, in the name of `subject`."""
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        builder = self._builder(subject, public_key).add_extension(constraints, critical=True)
        certificate = builder.sign(self._key, hashes.SHA256())
        return DeviceCertificate(_pem(certificate), certificate.fingerprint(hashes.SHA256()).hex())

    def _builder(self, subject: x509.Name, public_key: PublicKey) -> x509.CertificateBuilder:
        start = datetime.now(UTC) - timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + _LIFETIME)
        )


@cache
def demo_ca() -> CertificateAuthority:
    """Return the CA of the bottling plant, the same for the life of the process."""
    return CertificateAuthority("Cordon demo plant CA")


def demo_key(common_name: str) -> PrivateKey:
    """Return the private key of the plant's certificate for this common name; only its device may ask for it."""
    return _keys[common_name]


@cache
def demo_certificate(common_name: str) -> DeviceCertificate:
    """Return the plant's certificate for this common name, the same for the life of the process."""
    certificate = demo_ca().certify(_name(common_name), demo_key(common_name).public_key())
    _common_names[certificate.certificate_id] = common_name
    return certificate


def demo_key_of(certificate_id: str) -> PrivateKey | None:
    """Return the private key of a certificate of the plant; None for any other certificate."""
    return demo_key(_common_names[certificate_id]) if certificate_id in _common_names else None


def new_key() -> PrivateKey:
    """Return a new key, as a demo device makes one: EC P-256, which takes no time."""
    return ec.generate_private_key(ec.SECP256R1())


_keys: defaultdict[str, PrivateKey] = defaultdict(new_key)
"""By common name, each made when it is first asked for."""

_common_names: dict[str, str] = {}
"""By the id of each certificate of the plant."""


def _name(common_name: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cordon demo plant")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name[:LONGEST_COMMON_NAME])])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
