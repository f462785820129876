from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.incidents.table import update
from cordon.model.base import canonical_json, sha256_hex
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.conftest import MORNING
from tests.unit.response.known_good_place import HEAD, OBJECT, Shelf, pump


def test_what_was_signed_is_in_force(shelf: Shelf) -> None:
    """By its hash, with its object's version, its signer and the moment."""
    signed = shelf.known_goods.sign(pump(), by="ann", base=None)
    held = shelf.held()
    assert (held.definition, held.signed, held.trouble) == (pump(), signed, None)
    assert (signed.hash, signed.signed_by, signed.signed_at) == (pump().hash, "ann", MORNING)
    assert signed.version == shelf.s3.head_object(**OBJECT)["VersionId"]


def test_the_signature_is_of_the_canonical_json(shelf: Shelf) -> None:
    """Whoever has the public key verifies it without Cordon and without KMS."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    kept = json.loads(shelf.body())
    public = serialization.load_der_public_key(shelf.kms.get_public_key(KeyId=shelf.key_arn)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    text = canonical_json(kept["definition"])
    assert text == pump().canonical
    public.verify(b64decode(kept["signature"]["value"]), text.encode(), ec.ECDSA(hashes.SHA256()))


def test_before_anything_was_signed_there_is_none(shelf: Shelf) -> None:
    """That is said, and with the type."""
    held = shelf.held()
    assert (held.definition, held.signed, held.hash) == (None, None, None)
    assert held.trouble == "no known-good was ever signed for things of type pump"


def test_an_object_written_past_cordon_is_not_used(shelf: Shelf) -> None:
    """The row names a version: what is written over it changes nothing; without that version there is none."""
    signed = shelf.known_goods.sign(pump(), by="ann", base=None)
    shelf.put(shelf.body().replace(b"plant-device", b"plant-admin"))
    assert shelf.held().definition == pump()
    shelf.s3.delete_object(**OBJECT, VersionId=signed.version)
    held = shelf.held()
    assert (held.definition, held.trouble) == (None, "the known-good of type pump cannot be read: NoSuchVersion")


def test_an_old_definition_that_is_put_back_is_not_used(shelf: Shelf) -> None:
    """Its signature is as good as ever, and the row says that another object is in force."""
    first = shelf.known_goods.sign(pump("2.1.0"), by="ann", base=None)
    shelf.known_goods.sign(pump("2.2.0"), by="ann", base=first.hash)
    shelf.bed.table.write(update(HEAD, set_={"version_id": first.version}))
    held = shelf.held()
    assert held.definition is None
    assert held.trouble == "the known-good of type pump is not the object that was put in force"


def altered(shelf: Shelf, **changed: Any) -> bytes:
    """The object with parts of it changed."""
    return canonical_json(json.loads(shelf.body()) | changed).encode()


def test_one_that_was_altered_is_not_used(shelf: Shelf) -> None:
    """Whoever writes bucket and table alike still lacks the key."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    widened = json.loads(pump(policies=["plant-admin"]).canonical)
    shelf.say_in_the_row(altered(shelf, definition=widened))
    held = shelf.held()
    assert (held.definition, held.hash) == (None, None)
    assert held.trouble == "the known-good of type pump does not count: its signature is not of this definition"


@pytest.mark.parametrize("value", ["", "%", "AAAA"])
def test_one_that_is_not_signed_is_not_used(shelf: Shelf, value: str) -> None:
    """No signature, none that is one, and one that is another's all say the same."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    signature = json.loads(shelf.body())["signature"] | {"value": value}
    shelf.say_in_the_row(altered(shelf, signature=signature))
    held = shelf.held()
    assert held.definition is None
    assert held.trouble == "the known-good of type pump does not count: its signature is not of this definition"


def test_what_another_key_has_signed_is_not_used(shelf: Shelf) -> None:
    """Neither where it says so, nor where it claims to be of ours."""
    other = shelf.new_key()
    shelf.with_key(other).sign(pump(), by="mallory", base=None)
    assert (
        shelf.held().trouble == f"the known-good of type pump does not count: it is signed with another key ({other})"
    )
    signature = json.loads(shelf.body())["signature"] | {"key_arn": shelf.key_arn}
    shelf.say_in_the_row(altered(shelf, signature=signature))
    held = shelf.held()
    assert held.definition is None
    assert held.trouble == "the known-good of type pump does not count: its signature is not of this definition"


def test_one_of_another_type_is_not_used(shelf: Shelf) -> None:
    """What is known of valves is not known of pumps, however well it is signed."""
    shelf.known_goods.sign(pump(thing_type="valve"), by="ann", base=None)
    valve = shelf.s3.get_object(Bucket=OBJECT["Bucket"], Key="known-good/valve.json")["Body"].read()
    shelf.known_goods.sign(pump(), by="ann", base=None)
    shelf.say_in_the_row(valve)
    held = shelf.held()
    assert (held.definition, held.trouble) == (None, "the known-good of type pump is about things of type valve")


@pytest.mark.parametrize("body", [b"{}", b"[", b"\xff"])
def test_an_object_that_is_none_is_not_used(shelf: Shelf, body: bytes) -> None:
    """Whatever lies there, it is said to be none; nothing of it is guessed."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    shelf.say_in_the_row(body)
    held = shelf.held()
    assert held.definition is None
    assert str(held.trouble).startswith("the known-good of type pump is not one: ")


def test_without_its_key_nothing_is_used(shelf: Shelf) -> None:
    """A key that is off or gone can vouch for nothing."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    shelf.kms.disable_key(KeyId=shelf.key_arn.rpartition("/")[2])
    held = shelf.held()
    assert held.definition is None
    assert str(held.trouble).endswith("the key that signed it cannot be asked: DisabledException")


class Throttling:
    """A client that answers everything with the same passing trouble."""

    def __getattr__(self, name: str) -> Any:
        def fail(**_: object) -> None:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, name)

        return fail


@pytest.mark.parametrize("down", ["s3", "kms"])
def test_passing_trouble_is_not_none(shelf: Shelf, down: str) -> None:
    """Who is asked to wait must not hear that nothing is known to be good, nor sign over what he cannot see."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    broken = shelf.with_key(shelf.key_arn, **{down: Throttling()})
    before = shelf.rows()
    with pytest.raises(ClientError, match="ThrottlingException"):
        broken.of_type("pump")
    with pytest.raises(ClientError, match="ThrottlingException"):
        broken.sign(pump("3.0"), by="ann", base=pump().hash)
    assert shelf.rows() == before


def test_a_definition_that_an_older_cordon_signed_still_counts(shelf: Shelf) -> None:
    """It is verified as it was written: a version with more fields would spell it anew."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    shorter = json.loads(pump().canonical)
    del shorter["certificate"]["issuers"]  # as if that field had come later
    text = canonical_json(shorter)
    signature = shelf.kms.sign(
        KeyId=shelf.key_arn,
        Message=bytes.fromhex(sha256_hex(text)),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )["Signature"]
    kept = json.loads(shelf.body())["signature"] | {"value": b64encode(signature).decode()}
    shelf.say_in_the_row(altered(shelf, definition=shorter, signature=kept))
    held = shelf.held()
    assert (held.definition, held.hash) == (pump(), sha256_hex(text))
