"""What is done once answers as what was done anew for every call."""

from __future__ import annotations

from unittest import mock

from moto.core.routing import ServiceOperationRouter
from moto.kms.models import kms_backends

from playtest.local_aws import LocalAws

EVERY_KIND = {
    "s": {"S": "text"},
    "n": {"N": "1.5"},
    "b": {"B": b"\x00\xff"},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "yes": {"BOOL": False},
    "null": {"NULL": True},
    "list": {"L": [{"S": "x"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"inner": {"M": {"n": {"N": "0"}}}, "empty": {"S": ""}}},
}


def test_every_kind_of_value_comes_back_as_it_was_written(aws: LocalAws) -> None:
    """The shorter way through moto's serialiser loses nothing, nested and empty values included."""
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}, **EVERY_KIND}
    table, dynamodb = aws.stack.resource("Table"), aws.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=row)
    key = {name: row[name] for name in ("pk", "sk")}
    assert dynamodb.get_item(TableName=table, Key=key)["Item"] == row
    assert dynamodb.scan(TableName=table)["Items"] == [row]


def test_a_request_is_routed_once(aws: LocalAws) -> None:
    """moto routes each request of a REST service again for every use of its operation's name."""
    match = ServiceOperationRouter.match
    with mock.patch.object(ServiceOperationRouter, "match", autospec=True, side_effect=match) as routed:
        aws.client("iot").list_things()
    assert routed.call_count == 1


def test_two_requests_are_two_operations(aws: LocalAws) -> None:
    """What is kept for one request is not taken for the next."""
    iot = aws.client("iot")
    iot.create_thing(thingName="one")
    assert iot.describe_thing(thingName="one")["thingName"] == "one"
    assert [thing["thingName"] for thing in iot.list_things()["things"]] == ["one"]


def test_only_a_symmetric_key_has_no_key_pair(aws: LocalAws) -> None:
    """A table's key of KMS encrypts without one; a key that signs has its own."""
    kms = aws.client("kms")
    symmetric = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=symmetric, Plaintext=b"text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    signed = {"KeyId": signing, "Message": b"text", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert kms.verify(**signed, Signature=kms.sign(**signed)["Signature"])["SignatureValid"]
    keys = kms_backends["123456789012"]["eu-west-1"].keys
    assert (keys[symmetric].private_key, keys[signing].private_key is None) == (None, False)
