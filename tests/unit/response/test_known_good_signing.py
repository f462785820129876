from __future__ import annotations

import pytest
from cordon.errors import KnownGoodDowngrade, RecordBusy, StaleKnownGood
from cordon.incidents.table import ConditionFailed, Table, Write
from cordon.model.base import sha256_hex

from tests.unit.response.known_good_place import OBJECT, Shelf, pump


def test_signing_again_changes_nothing(shelf: Shelf) -> None:
    """The same definition is in force already, whoever says it and whatever he has seen."""
    first = shelf.known_goods.sign(pump(), by="ann", base=None)
    before = shelf.rows()
    shelf.bed.clock.advance(hours=1)
    for base in (None, pump().hash, "0" * 64):
        assert shelf.known_goods.sign(pump(), by="bob", base=base) == first
    assert shelf.rows() == before
    assert shelf.s3.head_object(**OBJECT)["VersionId"] == first.version


@pytest.mark.parametrize("base", [None, "0" * 64, pump("2.2").hash])
def test_who_has_seen_another_must_look_again(shelf: Shelf, base: str | None) -> None:
    """Nobody signs over what he has not compared with."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    with pytest.raises(StaleKnownGood, match="look at the difference again"):
        shelf.known_goods.sign(pump("2.2"), by="bob", base=base)
    assert shelf.held().definition == pump()


def test_who_claims_to_have_seen_what_is_not_there_is_refused(shelf: Shelf) -> None:
    """The first one is signed by whoever saw that there was none."""
    with pytest.raises(StaleKnownGood):
        shelf.known_goods.sign(pump(), by="ann", base=pump("3.0").hash)
    assert shelf.rows() == []


def test_one_that_cannot_be_used_is_replaced_by_who_saw_none(shelf: Shelf) -> None:
    """What nobody can read is no base; the versions that were signed still count."""
    shelf.known_goods.sign(pump(), by="ann", base=None)
    shelf.say_in_the_row(b"{}")
    with pytest.raises(KnownGoodDowngrade):
        shelf.known_goods.sign(pump("2.0.9"), by="bob", base=None)
    assert shelf.held().definition is None
    shelf.known_goods.sign(pump("2.1.1"), by="bob", base=None)
    assert shelf.held().definition == pump("2.1.1")


@pytest.mark.parametrize("version", ["2.0.9", "2.0", "1.99.99.99", "2"])
def test_an_older_version_is_refused(shelf: Shelf, version: str) -> None:
    """By its field, with what was found and expected; what is in force stays."""
    signed = shelf.known_goods.sign(pump(), by="ann", base=None)
    older = pump(firmware={"package": "pump-firmware", "version": version, "sha256": "0" * 64})
    with pytest.raises(KnownGoodDowngrade) as refused:
        shelf.known_goods.sign(older, by="ann", base=signed.hash)
    assert refused.value.field == "definition.firmware.version"
    assert str(refused.value).startswith(f"definition.firmware.version: found {version}, expected 2.1.0 or higher")
    assert shelf.held().signed == signed


def test_no_detour_leads_back_to_an_older_version(shelf: Shelf) -> None:
    """Neither over a known-good without firmware, nor over one with another package."""
    other = {"package": "pump-lite", "version": "9.0", "sha256": "0" * 64}
    base = None
    for step in (pump("2.1.0"), pump(firmware=None), pump(firmware=other)):
        base = shelf.known_goods.sign(step, by="ann", base=base).hash
    with pytest.raises(KnownGoodDowngrade):
        shelf.known_goods.sign(pump("2.0.5"), by="ann", base=base)
    shelf.known_goods.sign(pump("2.1"), by="ann", base=base)
    assert shelf.held().definition == pump("2.1")


def test_each_one_that_was_ever_in_force_is_remembered(shelf: Shelf) -> None:
    """With its object, which is still there."""
    first = shelf.known_goods.sign(pump(), by="ann", base=None)
    shelf.bed.clock.advance(minutes=1)
    shelf.known_goods.sign(pump("2.2"), by="bob", base=first.hash)
    signings = [row for row in shelf.rows() if row["sk"].startswith("SIGN#")]
    assert [(row["hash"], row["signed_by"]) for row in signings] == [(pump().hash, "ann"), (pump("2.2").hash, "bob")]
    old = shelf.s3.get_object(**OBJECT, VersionId=signings[0]["version_id"])["Body"].read()
    assert sha256_hex(old) == signings[0]["object_hash"]


def test_of_two_at_once_one_counts(shelf: Shelf) -> None:
    """The other is told that another known-good is in force than the one that he has seen."""

    class Once(Table):
        def write(self, *writes: Write) -> None:
            if not shelf.rows():
                shelf.known_goods.sign(pump("2.2"), by="bob", base=None)
            super().write(*writes)

    slow = shelf.with_key(shelf.key_arn, table=Once(shelf.bed.client("dynamodb"), "incidents"))
    with pytest.raises(StaleKnownGood):
        slow.sign(pump("2.3"), by="ann", base=None)
    assert shelf.held().definition == pump("2.2")
    assert [row["sk"].split("#")[0] for row in shelf.rows()] == ["HEAD", "SIGN"]


def test_who_never_gets_his_turn_may_try_again(shelf: Shelf) -> None:
    """Passing trouble by name, and nothing of it counts."""

    class Taken(Table):
        def write(self, *writes: Write) -> None:
            raise ConditionFailed([0])

    unlucky = shelf.with_key(shelf.key_arn, table=Taken(shelf.bed.client("dynamodb"), "incidents"))
    with pytest.raises(RecordBusy):
        unlucky.sign(pump(), by="ann", base=None)
    assert shelf.rows() == []


def test_who_dies_before_the_row_has_changed_nothing(shelf: Shelf) -> None:
    """The object alone is nothing; asked again, it is in force once."""

    class Dying(Table):
        def write(self, *writes: Write) -> None:
            raise ConnectionError("died")

    dying = shelf.with_key(shelf.key_arn, table=Dying(shelf.bed.client("dynamodb"), "incidents"))
    with pytest.raises(ConnectionError):
        dying.sign(pump(), by="ann", base=None)
    assert shelf.held().definition is None
    shelf.known_goods.sign(pump(), by="ann", base=None)
    assert shelf.held().definition == pump()
    assert len(shelf.rows()) == 2
