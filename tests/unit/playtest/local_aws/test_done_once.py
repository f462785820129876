"""What is done once answers as what was done anew for every call."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from botocore import useragent
from moto.core import responses
from moto.core.routing import ServiceOperationRouter
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
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


def test_a_value_is_looked_through_for_the_members_that_it_has(aws: LocalAws) -> None:
    """moto looks for all ten members of each value; this fails when it writes values in another way."""
    table, dynamodb = aws.stack.resource("Table"), aws.client("dynamodb")
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    dynamodb.put_item(TableName=table, Item=key)
    write = BaseJSONSerializer._serialize_structure_member
    with mock.patch.object(
        BaseJSONSerializer, "_serialize_structure_member", autospec=True, side_effect=write
    ) as written:
        dynamodb.get_item(TableName=table, Key=key)
    looked_for = [call.args[4] for call in written.call_args_list]
    assert looked_for.count("S") == len(key)
    assert not {"N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"} & set(looked_for)


def test_the_kinds_of_node_of_an_update_are_listed_once(aws: LocalAws) -> None:
    """moto asks for them at each node; this fails when it asks in another way, or lists them once by itself."""
    listed, asked = DepthFirstTraverser.nodes_to_be_processed, []

    def ask(traverser: Any) -> Any:
        kinds = listed(traverser)
        asked.append((traverser, kinds))
        return kinds

    with mock.patch.object(DepthFirstTraverser, "nodes_to_be_processed", ask):
        aws.client("dynamodb").update_item(
            TableName=aws.stack.resource("Table"),
            Key={"pk": {"S": "a"}, "sk": {"S": "b"}},
            UpdateExpression="SET one = :one, two = :two",
            ExpressionAttributeValues={":one": {"N": "1"}, ":two": {"N": "2"}},
        )
    kinds_of = {id(traverser): kinds for traverser, kinds in asked}
    assert len(asked) > 2 * len(kinds_of) > 0
    assert all(kinds is kinds_of[id(traverser)] for traverser, kinds in asked)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(useragent, "sanitize_user_agent_string_component"), (responses, "method_names_from_class")],
    ids=["parts of the User-Agent", "methods of a class of responses"],
)
def test_what_every_call_asks_for_is_worked_out_by_the_first_alone(aws: LocalAws, owner: Any, name: str) -> None:
    """Each call asks again, and is answered from memory; this fails when botocore or moto asks for it no more."""
    aws.client("iot").list_things()
    before = getattr(owner, name).cache_info()
    aws.client("iot").list_things()
    after = getattr(owner, name).cache_info()
    assert (after.misses, after.hits > before.hits) == (before.misses, True)


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
