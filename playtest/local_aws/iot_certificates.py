"""Certificates as AWS IoT keeps them: the id is the fingerprint, REVOKED is for ever, a CSR keeps its key."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.core.responses import ActionResult
from moto.iot.models import FakeCertificate, IoTBackend
from moto.iot.responses import IoTResponse

from playtest.fleet.certificates import demo_ca
from playtest.local_aws.iot_errors import CertificateState, CertificateValidation, DeleteConflict, InvalidRequest
from playtest.local_aws.moto_methods import replace
from playtest.local_aws.request_shapes import members

SETTABLE = ("ACTIVE", "INACTIVE", "REVOKED")
"""PENDING_TRANSFER and PENDING_ACTIVATION are AWS's own, REGISTER_INACTIVE is deprecated (API reference)."""

SHORTEST_RSA_KEY = 2048
"""Bits that CreateCertificateFromCsr takes at least (API reference)."""


def install() -> None:
    """Replace what moto does wrong about certificates."""
    make = FakeCertificate.__init__

    def with_its_own_validity(certificate: Any, certificate_pem: str, *arguments: Any, **more: Any) -> None:
        make(certificate, certificate_pem, *arguments, **more)
        parsed = _load(certificate_pem)
        certificate.validity_not_before = parsed.not_valid_before_utc
        certificate.validity_not_after = parsed.not_valid_after_utc

    replace(FakeCertificate, __init__=with_its_own_validity, compute_cert_id=_fingerprint)
    replace(IoTBackend, _validation_delete=_validation_delete, update_certificate=_update_certificate)
    replace(IoTResponse, create_certificate_from_csr=_create_certificate_from_csr)


def _fingerprint(_: Any, certificate_pem: str) -> str:
    return _load(certificate_pem).fingerprint(hashes.SHA256()).hex()


def _load(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise CertificateValidation(f"The certificate could not be parsed: {error}") from None


def _validation_delete(backend: Any, certificate: Any, force_delete: Any = None) -> None:
    # moto asks every principal for its certificateId, and a thing group has none.
    if certificate.status == "ACTIVE":
        raise CertificateState(f"Certificate must be deactivated before deletion. Id: {certificate.certificate_id}")
    if any(principal == certificate.arn for principal, _ in list(backend.principal_things)):
        raise DeleteConflict(f"Things must be detached before deletion (arn: {certificate.arn})")
    attached = [key for key in list(backend.principal_policies) if key[0] == certificate.arn]
    if attached and not force_delete:
        raise DeleteConflict(f"Certificate policies must be detached before deletion (arn: {certificate.arn})")
    for key in attached:
        del backend.principal_policies[key]


def _update_certificate(backend: Any, certificate_id: str, new_status: str) -> None:
    certificate = backend.describe_certificate(certificate_id)
    if new_status not in SETTABLE:
        raise InvalidRequest(f"Certificate status {new_status} cannot be set")
    # The operation is idempotent (API reference), so revoking twice is no change and no error.
    if certificate.status == "REVOKED" and new_status != "REVOKED":
        raise CertificateState(f"Certificate is revoked and cannot become {new_status}. Id: {certificate_id}")
    certificate.status = new_status


def _create_certificate_from_csr(response: Any) -> ActionResult:
    asked = members(response)
    try:
        request = x509.load_pem_x509_csr(asked["certificateSigningRequest"].encode())
    except ValueError as error:
        raise InvalidRequest(f"The certificate signing request could not be parsed: {error}") from None
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) or not request.is_signature_valid:
        raise InvalidRequest("The certificate signing request must hold an RSA or EC key and be signed with it")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA_KEY:
        raise InvalidRequest(f"An RSA key must have at least {SHORTEST_RSA_KEY} bits, and not {key.key_size}")
    certificate = response.iot_backend.register_certificate(
        demo_ca().certify(request.subject, key).pem,
        ca_certificate_pem=None,
        set_as_active=asked.get("setAsActive"),
        status="INACTIVE",
    )
    return ActionResult(
        {
            "certificateId": certificate.certificate_id,
            "certificateArn": certificate.arn,
            "certificatePem": certificate.certificate_pem,
        }
    )
