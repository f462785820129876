"""Keys of the local AWS are what the template says, and sign what KMS signs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws

from playtest.local_aws import LocalAws, kms_keys
from tests.unit.playtest.conftest import client_of

MESSAGE = b"what is known to be good"
DIGEST = hashlib.sha256(MESSAGE).digest()
HOW = {"MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}


@pytest.fixture
def kms() -> Iterator[Any]:
    """KMS without a key."""
    kms_keys.install()
    with mock_aws():
        yield client_of("kms")


def new_key(kms: Any, spec: str = "ECC_NIST_P256") -> str:
    """Make a key that signs, and return its ARN."""
    arn: str = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    return arn


def refusal(call: Any, **asked: Any) -> str:
    """The name by which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])


def test_a_digest_is_signed_as_it_is(kms: Any) -> None:
    """Whoever has the public key verifies the message itself, as with KMS's signatures."""
    arn = new_key(kms)
    signature = kms.sign(KeyId=arn, Message=DIGEST, **HOW)["Signature"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=arn)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))


def test_a_true_signature_is_verified_however_it_is_asked(kms: Any) -> None:
    """As a digest, or as the message that KMS hashes itself."""
    arn = new_key(kms)
    signature = kms.sign(KeyId=arn, Message=DIGEST, **HOW)["Signature"]
    assert kms.verify(KeyId=arn, Message=DIGEST, Signature=signature, **HOW)["SignatureValid"] is True
    raw = {**HOW, "MessageType": "RAW"}
    assert kms.verify(KeyId=arn, Message=MESSAGE, Signature=signature, **raw)["SignatureValid"] is True


@pytest.mark.parametrize("how", ["DIGEST", "RAW"])
def test_a_false_signature_is_an_error(kms: Any, how: str) -> None:
    """Of another message, of another key, or no signature at all."""
    arn, other = new_key(kms), new_key(kms)
    asked = {**HOW, "MessageType": how, "Message": DIGEST}
    signature = kms.sign(KeyId=arn, **asked)["Signature"]
    for false in (
        {"KeyId": other, "Signature": signature},
        {"KeyId": arn, "Signature": b"none"},
        {"KeyId": arn, "Signature": signature, "Message": hashlib.sha256(b"other").digest()},
    ):
        assert refusal(kms.verify, **{**asked, **false}) == "KMSInvalidSignatureException"


def test_a_digest_has_its_length(kms: Any) -> None:
    """What is no SHA-256 is not signed as one."""
    assert refusal(kms.sign, KeyId=new_key(kms), Message=MESSAGE, **HOW) == "ValidationException"


def test_a_key_signs_with_its_own_algorithm_only(kms: Any) -> None:
    """A curve has one."""
    arn = new_key(kms, "ECC_NIST_P384")
    assert refusal(kms.sign, KeyId=arn, Message=DIGEST, **HOW) == "ValidationException"


def test_a_key_that_is_off_neither_signs_nor_verifies(kms: Any) -> None:
    """Until it is on again."""
    arn = new_key(kms)
    signature = kms.sign(KeyId=arn, Message=DIGEST, **HOW)["Signature"]
    kms.disable_key(KeyId=arn.rpartition("/")[2])
    assert refusal(kms.sign, KeyId=arn, Message=DIGEST, **HOW) == "DisabledException"
    assert refusal(kms.verify, KeyId=arn, Message=DIGEST, Signature=signature, **HOW) == "DisabledException"


def test_a_key_of_the_template_is_of_the_kind_that_it_says() -> None:
    """moto's own CloudFormation makes every key a symmetric one, which signs nothing."""
    with LocalAws(with_fleet=False) as aws:
        found = aws.client("kms").describe_key(KeyId=aws.stack.resource("KnownGoodKey"))["KeyMetadata"]
        assert (found["KeySpec"], found["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
        assert found["Arn"] == aws.stack.output("KnownGoodKeyArn")
        (alias,) = aws.client("kms").list_aliases(KeyId=found["KeyId"])["Aliases"]
        assert alias["AliasName"] == "alias/cordon-known-good"
