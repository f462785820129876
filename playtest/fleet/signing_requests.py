"""Certificate signing requests as demo devices make them, and what of them fits into a job's status details."""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from playtest.behaviours import Asks
from playtest.fleet.certificates import LONGEST_COMMON_NAME, PrivateKey, demo_key, new_key

_WEAK = 1024
_GARBAGE = "this is no certificate signing request"
_OTHERS = ("pump-01", "pump-02")
"""Whose name and key a device takes that asks in another thing's name: the first that it is not itself."""


def request(asks: Asks, thing_name: str, current_key: PrivateKey | None) -> tuple[str, PrivateKey | None]:
    """Return what a device sends, and the key that the request is for where the device keeps it.

    `current_key` is the key of the certificate that it is connected with. A request is its DER in base64, in one line:
    a value of `statusDetails` has at most 1,024 characters and no line breaks (docs/playtest.md).
    """
    if asks is Asks.GARBAGE:
        return _GARBAGE, None
    if asks is Asks.OTHER_THING:
        other = next(name for name in _OTHERS if name != thing_name)
        return _signed(other, demo_key(other)), None
    key = _key(asks, current_key)
    return _signed(thing_name, key), key


def _key(asks: Asks, current_key: PrivateKey | None) -> PrivateKey:
    if asks is Asks.SAME_KEY and current_key is not None:
        return current_key
    if asks is Asks.WEAK_KEY:
        return rsa.generate_private_key(public_exponent=65537, key_size=_WEAK)  # weak is the point of it
    return new_key()


def _signed(common_name: str, key: PrivateKey) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:LONGEST_COMMON_NAME])])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
