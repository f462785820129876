"""Keys that sign, as KMS keeps them: made by CloudFormation as the template says, and signing digests as what they are.

moto's CloudFormation makes every key a symmetric one, and its Sign hashes a digest once more, so that nobody could
verify the signature with the public key.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, kms_backends
from moto.kms.responses import KmsResponse

from playtest.local_aws import runtime
from playtest.local_aws.arns import one_or_many
from playtest.local_aws.moto_methods import replace
from playtest.local_aws.sessions import client

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "ECDSA_SHA_256": hashes.SHA256(),
    "ECDSA_SHA_384": hashes.SHA384(),
    "ECDSA_SHA_512": hashes.SHA512(),
}
_sign, _verify = KmsResponse.sign, KmsResponse.verify


@cache
def install() -> None:
    """Replace what moto does wrong about keys that sign, once per process."""
    Key.create_from_cloudformation_json = classmethod(_create)
    replace(KmsResponse, sign=sign, verify=verify)


def _create(_cls: Any, /, _name: str, template: Any, account_id: str, region: str, **_: Any) -> Any:
    """AWS::KMS::Key, of the kind that the template says."""
    properties: Mapping[str, Any] = template["Properties"]
    wanted = {name: properties[name] for name in ("Description", "KeySpec", "KeyUsage") if name in properties}
    made = client("kms", region).create_key(Policy=json.dumps(properties["KeyPolicy"]), **wanted)["KeyMetadata"]
    return kms_backends[account_id][region].keys[made["KeyId"]]


def sign(response: Any) -> str:
    """Sign: with an elliptic curve a DIGEST is signed as it is; a key that is off signs nothing."""
    key = _usable(response)
    if not _is_of_digest(response, key):
        answer: str = _sign(response)
        return answer
    signature = key.private_key.private_key.sign(_digest(response), _prehashed(response))
    return _answer(response, key, Signature=base64.b64encode(signature).decode())


def verify(response: Any) -> str:
    """Verify: as Sign; a false signature is an error (KMS API reference, "Verify")."""
    key = _usable(response)
    if not _is_of_digest(response, key):
        answer: str = _verify(response)
        if not json.loads(answer)["SignatureValid"]:
            raise _false_signature()
        return answer
    signature = base64.b64decode(response._get_param("Signature"))
    public = key.private_key.private_key.public_key()
    try:
        public.verify(signature, _digest(response), _prehashed(response))
    except InvalidSignature:
        raise _false_signature() from None
    return _answer(response, key, SignatureValid=True)


def _usable(response: Any) -> Any:
    key_id = response._get_param("KeyId")
    response._validate_key_id(key_id)
    key = response.kms_backend.describe_key(key_id)
    if not key.enabled:
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    return key


def _is_of_digest(response: Any, key: Any) -> bool:
    """Say whether it is ours to answer; what is wrong with key or algorithm is moto's to refuse."""
    algorithm = response._get_param("SigningAlgorithm")
    known = algorithm in _HASHES and algorithm in (key.signing_algorithms or [])
    return known and response._get_param("MessageType") == "DIGEST"


def _prehashed(response: Any) -> ec.ECDSA:
    return ec.ECDSA(utils.Prehashed(_HASHES[response._get_param("SigningAlgorithm")]))


def _digest(response: Any) -> bytes:
    digest: bytes = response._get_param("Message")
    wanted = _HASHES[response._get_param("SigningAlgorithm")].digest_size
    if len(digest) != wanted:
        raise JsonRESTError("ValidationException", f"Digest is invalid length for algorithm: {wanted} bytes expected.")
    return digest


def _answer(response: Any, key: Any, **said: Any) -> str:
    return json.dumps({"KeyId": key.arn, "SigningAlgorithm": response._get_param("SigningAlgorithm"), **said})


def _false_signature() -> JsonRESTError:
    return JsonRESTError("KMSInvalidSignatureException", "The signature is not of this message and key.")


def statements_naming(role_arn: str, region: str) -> Iterator[Mapping[str, Any]]:
    """Yield what the policies of all keys say of a role, each statement with its key as the resource.

    What a role's own policies say of KMS counts only where a key's policy leaves it to IAM, which none of ours does.
    """
    for key in kms_backends[runtime.ACCOUNT][region].keys.values():
        policy = json.loads(key.policy) if isinstance(key.policy, str) else key.policy
        for statement in one_or_many(policy["Statement"]):
            principal = statement.get("Principal", {})
            if isinstance(principal, dict) and role_arn in one_or_many(principal.get("AWS", [])):
                yield {**statement, "Resource": key.arn}
