"""Where known-goods are kept, with a key that signs them, and a known-good of pumps."""

from __future__ import annotations

from typing import Any

from cordon.incidents.rows import KNOWN_GOOD_HEAD, of_known_good
from cordon.incidents.table import key, update
from cordon.model.base import sha256_hex
from cordon.model.known_good import KnownGood
from cordon.response.known_good_signature import Notary
from cordon.response.known_good_store import Held, KnownGoods

from tests.unit.conftest import REGION, Bed

BUCKET = "policy"
PUMP: dict[str, Any] = {
    "thing_type": "pump",
    "firmware": {"package": "pump-firmware", "version": "2.1.0", "floor": "2.0.0", "sha256": "0" * 64},
    "policies": ["plant-device"],
    "groups": ["plant"],
    "shadow": {"desired": {"/interval": 30}, "may_differ": ["/display"]},
    "certificate": {"max_age_days": 365, "keys": ["ec-p256"]},
    "attributes": {"site": "hall-a"},
}
HEAD = key(of_known_good("pump"), KNOWN_GOOD_HEAD)
OBJECT = {"Bucket": BUCKET, "Key": "known-good/pump.json"}


def pump(version: str = "2.1.0", **changed: Any) -> KnownGood:
    """A known-good of pumps, with that version of the firmware and other fields changed."""
    return KnownGood.model_validate({**PUMP, "firmware": {**PUMP["firmware"], "version": version}, **changed})


class Shelf:
    """A versioned bucket, as the template makes it, and a key of KMS."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.s3, self.kms = bed, bed.client("s3"), bed.client("kms")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.key_arn = self.new_key()
        self.known_goods = self.with_key(self.key_arn)

    def new_key(self) -> str:
        """Make another key of the same kind, and return its ARN."""
        made = self.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        arn: str = made["KeyMetadata"]["Arn"]
        return arn

    def with_key(self, key_arn: str, *, s3: Any = None, kms: Any = None, table: Any = None) -> KnownGoods:
        """Known-goods that this key signs, over other clients where they are given."""
        notary = Notary(kms or self.kms, key_arn)
        return KnownGoods(s3 or self.s3, BUCKET, table or self.bed.table, notary)

    def held(self) -> Held:
        """What is in force for pumps."""
        return self.known_goods.of_type("pump")

    def body(self) -> bytes:
        """The newest object of pumps."""
        found: bytes = self.s3.get_object(**OBJECT)["Body"].read()
        return found

    def put(self, body: bytes) -> str:
        """Write another object of pumps past Cordon, and return its version."""
        version: str = self.s3.put_object(**OBJECT, Body=body)["VersionId"]
        return version

    def say_in_the_row(self, body: bytes) -> None:
        """Put another object past Cordon, and let the row name it: what takes bucket and table."""
        version = self.put(body)
        self.bed.table.write(update(HEAD, set_={"version_id": version, "object_hash": sha256_hex(body)}))

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the known-good of pumps."""
        return self.bed.rows(of_known_good("pump"))
