"""A response policy's place, with what the tests of it ask again and again."""

from __future__ import annotations

from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from cordon.response.policy_store import Policies

from tests.unit.conftest import REGION, Bed
from tests.unit.response.known_good_place import Shelf

POLICY_BUCKET = "policy"


def tell_nobody(*_: str) -> None:
    """Page nobody: whom a push is told to is another test's."""


class Place:
    """Where policies are kept, in a versioned bucket as the template makes it."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.s3 = bed, bed.client("s3")
        self.s3.create_bucket(Bucket=POLICY_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=POLICY_BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.policies = self.anew()

    def anew(self, s3: Any = None, table: Any = None) -> Policies:
        """Another runtime's view of the place, which remembers nothing; over other clients, if these are given."""
        return Policies(s3 or self.s3, POLICY_BUCKET, table or self.bed.table)

    def in_force(self) -> ResponsePolicy | None:
        """The policy that a runtime which has just started goes by."""
        return self.anew().in_force().policy

    def seed(self, policy: ResponsePolicy) -> None:
        """Put a policy in force with as many people as it takes."""
        for person in ("seed-1", "seed-2"):
            self.policies.push(policy, by=person, base=self.anew().in_force().hash, tell=tell_nobody)

    def rows(self) -> list[str]:
        """The sort keys of all rows of the policy."""
        return [row["sk"] for row in self.bed.rows("POLICY")]


@pytest.fixture
def place(bed: Bed) -> Place:
    """A place for policies in which none is."""
    return Place(bed)


@pytest.fixture
def shelf(bed: Bed) -> Shelf:
    """A place for known-goods in which none is."""
    return Shelf(bed)


def policy(mode: str = "approve", **changed: Any) -> ResponsePolicy:
    """A policy that says so much of contain_thing."""
    return ResponsePolicy.model_validate({"playbooks": {"contain_thing": {"mode": mode}}, **changed})
