"""What is known to be good is altered, forged or asked for by nobody: none of it is used, and nothing is changed."""

from __future__ import annotations

import json

import pytest
from cordon.model.base import canonical_json, sha256_hex

from playtest.local_aws import LocalAws
from playtest.local_aws.faults import InjectedError
from playtest.local_aws.function_urls import BOB
from playtest.local_aws.iam import Permissions
from tests.e2e.answers import Up, deaths
from tests.e2e.known_good import OBJECT, Json, ask, captured, checked, drift, kept

HEAD = {"pk": {"S": "KNOWN_GOOD#pump"}, "sk": {"S": "HEAD"}}


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS with a known-good of pumps in force."""
    started = up()
    ask(started, "/known-good", {"definition": captured(started)})
    return started


def put(aws: LocalAws, body: bytes) -> str:
    """Write an object past Cordon, and return its version."""
    bucket = aws.stack.resource("PolicyBucket")
    version: str = aws.client("s3").put_object(Bucket=bucket, Key=OBJECT, Body=body)["VersionId"]
    return version


def altered(aws: LocalAws) -> bytes:
    """The object of pumps with another policy in it, spelt as Cordon would."""
    body = aws.client("s3").get_object(Bucket=aws.stack.resource("PolicyBucket"), Key=OBJECT)["Body"].read()
    kept_: Json = json.loads(body)
    definition = kept_["definition"] | {"policies": ["plant-video"]}
    return canonical_json(kept_ | {"definition": definition}).encode()


def name_in_the_row(aws: LocalAws, version: str, body: bytes) -> None:
    """Let the row name another object."""
    aws.client("dynamodb").update_item(
        TableName=aws.stack.resource("IncidentsTable"),
        Key=HEAD,
        UpdateExpression="SET version_id = :v, object_hash = :h",
        ExpressionAttributeValues={":v": {"S": version}, ":h": {"S": sha256_hex(body)}},
    )


def test_who_writes_the_bucket_changes_nothing(aws: LocalAws) -> None:
    """The row names the version that was signed, which is there still."""
    put(aws, altered(aws))
    assert drift(aws, "pump-01") == {}
    assert checked(aws, "pump-01")["trouble"] is None


def test_who_writes_the_bucket_and_the_table_is_not_believed(aws: LocalAws) -> None:
    """The signature is of another definition: nothing is used, nothing compared, and why is said."""
    body = altered(aws)
    name_in_the_row(aws, put(aws, body), body)
    said = checked(aws, "pump-01")
    assert (said["known_good"], said["drift"]) == (None, [])
    assert said["trouble"] == "the known-good of type pump does not count: its signature is not of this definition"
    shown = ask(aws, "/known-good/pump", method="GET")
    assert (shown["definition"], shown["known_good"], shown["trouble"]) == (None, None, said["trouble"])


def test_no_function_but_the_desk_signs(aws: LocalAws) -> None:
    """And the desk only digests, by the one algorithm: the key's policy decides, whatever a role's says."""
    key, permissions = aws.stack.output("KnownGoodKeyArn"), Permissions(aws.stack, aws.region)
    asked: Json = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256", "Message": b"0" * 32}
    permissions.require("DeskFunction", "kms", "Sign", asked)
    permissions.require("DeskFunction", "kms", "Verify", asked)
    for function in set(aws.stack.of_type("AWS::Lambda::Function")) - {"DeskFunction"}:
        with pytest.raises(InjectedError, match="AccessDenied"):
            permissions.require(function, "kms", "Sign", asked)
    for other in ({"MessageType": "RAW"}, {"SigningAlgorithm": "ECDSA_SHA_384"}, {"KeyId": f"{key[:-1]}x"}):
        with pytest.raises(InjectedError, match="AccessDenied"):
            permissions.require("DeskFunction", "kms", "Sign", asked | other)
    with pytest.raises(InjectedError, match="AccessDenied"):
        permissions.require("DeskFunction", "kms", "PutKeyPolicy", asked)


THING = {"thing_name": "pump-01"}


def test_nobody_signs_without_a_signature_of_aws(aws: LocalAws) -> None:
    """An unsigned request reaches nothing."""
    before = kept(aws)
    status, said = aws.ask_desk(None, "POST", "/known-good", {"definition": captured(aws)})
    assert (status, kept(aws)) == (403, before)
    assert "definition" not in str(said)


def test_a_key_that_does_not_answer_is_asked_again_later(aws: LocalAws) -> None:
    """Passing trouble is a 503 by name; neither does it look as if nothing were known, nor is anything changed."""
    before = kept(aws)
    aws.faults.fail("kms", "Verify", "ThrottlingException", times=10)
    status, said = aws.ask_desk(BOB, "POST", "/known-good/check", THING)
    assert (status, said["error"]) == (503, "Throttled")
    aws.faults.clear()
    assert drift(aws, "pump-01") == {}
    assert kept(aws) == before


def test_a_desk_that_dies_anywhere_has_signed_once_or_not_at_all(aws: LocalAws) -> None:
    """Asked again the same is in force, whichever of its writes was its last; no second row tells of it."""
    base = ask(aws, "/known-good/pump", method="GET")["known_good"]["hash"]
    definition = captured(aws)
    for number in deaths(aws, ["DeskFunction"]):
        wanted = definition | {"attributes": {"try": str(number)}}
        aws.ask_desk(BOB, "POST", "/known-good", {"definition": wanted, "base": base})
        aws.faults.clear()
        found = ask(aws, "/known-good/pump", method="GET")
        assert found["trouble"] is None
        assert found["definition"]["attributes"] in ({"try": str(number)}, {"try": str(number - 1)}, {"site": "hall-a"})
        base = ask(aws, "/known-good", {"definition": wanted, "base": found["known_good"]["hash"]})["hash"]
        assert ask(aws, "/known-good/pump", method="GET")["definition"] == wanted
        signings = [row for row in kept(aws)[0] if row["sk"]["S"].endswith(f"#{base[:12]}")]
        assert len(signings) == 1
