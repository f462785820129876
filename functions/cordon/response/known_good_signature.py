"""A known-good as it is kept: with a signature that only the stack's key can have made, and who asked for it."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError
from pydantic import AwareDatetime, JsonValue

from cordon.model.base import Document, Word, canonical_json
from cordon.model.known_good import KnownGood

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

ALGORITHM: Literal["ECDSA_SHA_256"] = "ECDSA_SHA_256"
# KMS's words for a signature that is not of that key, and for a key that cannot be asked (KMS, Verify). Anything else
# passes by itself, and must not read as an answer.
_FALSE = frozenset({"KMSInvalidSignatureException", "ValidationException"})  # the second: what cannot be one
_NO_ANSWER = frozenset({"DisabledException", "KMSInvalidStateException", "NotFoundException", "AccessDeniedException"})


class Signature(Word):
    """What KMS made of the SHA-256 of the definition's canonical JSON."""

    algorithm: Literal["ECDSA_SHA_256"]
    key_arn: str
    value: str
    """The signature (DER) in Base64."""


class SignedKnownGood(Document):
    """The object of the bucket. Signer and time are not signed: the row vouches for them, by the object's hash.

    `definition` is kept as it was signed: a later version of Cordon may know more fields, and would spell it anew.
    """

    schema_version: Literal[1] = 1
    definition: dict[str, JsonValue]
    signature: Signature
    signed_by: str
    signed_at: AwareDatetime

    @property
    def text(self) -> str:
        """The definition's canonical JSON, which the signature is of."""
        return canonical_json(self.definition)


@dataclass(frozen=True)
class Notary:
    """The key that signs. It can be asked, and nobody has it."""

    kms: KMSClient
    key_arn: str

    def signed(self, definition: KnownGood, *, by: str, at: datetime) -> SignedKnownGood:
        """Return the definition with its signature, in the name of the identity `by`."""
        answer = self.kms.sign(
            KeyId=self.key_arn, Message=_digest(definition.canonical), MessageType="DIGEST", SigningAlgorithm=ALGORITHM
        )
        value = b64encode(answer["Signature"]).decode()
        signature = Signature(algorithm=ALGORITHM, key_arn=self.key_arn, value=value)
        return SignedKnownGood(
            definition=definition.model_dump(mode="json"), signature=signature, signed_by=by, signed_at=at
        )

    def trouble_with(self, signed: SignedKnownGood) -> str | None:
        """Say why the signature does not count; None: it is this key's, of this definition.

        Raises:
            ClientError: KMS does not answer just now.
        """
        if signed.signature.key_arn != self.key_arn:
            return f"it is signed with another key ({signed.signature.key_arn})"
        try:
            return None if self._is_true(signed) else "its signature is not of this definition"
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _FALSE:
                return "its signature is not of this definition"
            if code in _NO_ANSWER:
                return f"the key that signed it cannot be asked: {code}"
            raise

    def _is_true(self, signed: SignedKnownGood) -> bool:
        try:
            value = b64decode(signed.signature.value, validate=True)
        except ValueError:
            return False
        return self.kms.verify(
            KeyId=self.key_arn,
            Message=_digest(signed.text),
            MessageType="DIGEST",
            Signature=value,
            SigningAlgorithm=ALGORITHM,
        )["SignatureValid"]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
