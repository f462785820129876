"""Who may be one person with whom, and how many people some identities are."""

from __future__ import annotations

from itertools import combinations

import pytest
from cordon.model.person import is_same_person, people_among
from hypothesis import given
from hypothesis import strategies as st

ROLE = "arn:aws:iam::123456789012:role/OnCall"
ALICE, DORA = (f"arn:aws:sts::123456789012:assumed-role/OnCall/{name}" for name in ("alice", "dora"))
OTHER = "arn:aws:sts::123456789012:assumed-role/Plant/alice"
BOB = "arn:aws:iam::123456789012:user/bob"
IDENTITIES = [ROLE, ALICE, DORA, OTHER, BOB, ALICE.replace("alice", "ALICE"), BOB.replace("bob", "on-call/bob")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ALICE, ALICE),
        (ALICE, ALICE.replace("alice", "Alice")),
        (ROLE, ROLE.replace("OnCall", "oncall")),
        (ROLE, ALICE),
        (ROLE.replace("role/", "role/people/"), DORA),
        (BOB, BOB.replace("user/", "user/on-call/")),
    ],
)
def test_what_cannot_be_told_apart_is_one_person(one: str, other: str) -> None:
    """Another spelling or path, and a role beside a session of it, whichever came first."""
    assert is_same_person(one, other)
    assert is_same_person(other, one)
    assert people_among([one, other]) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ALICE, DORA),
        (ALICE, OTHER),
        (ROLE, OTHER),
        (ROLE, ROLE.replace("OnCall", "OnCallToo")),
        (ROLE, ALICE.replace("123456789012", "210987654321")),
        (BOB, BOB.replace("user/", "role/")),
        (BOB, "arn:aws:iam::123456789012:user/cid"),
    ],
)
def test_two_who_are_told_apart_are_two_people(one: str, other: str) -> None:
    """Two pinned sessions of a role, another role, another account, a user and a role of one name."""
    assert not is_same_person(one, other)
    assert not is_same_person(other, one)
    assert people_among([one, other]) == 2


@given(st.lists(st.sampled_from(IDENTITIES), max_size=6))
def test_so_many_people_as_can_all_be_told_apart(identities: list[str]) -> None:
    """The count is that of the largest part in which no two may be one: never more than there can be for certain."""
    apart = [
        size
        for size in range(len(identities) + 1)
        for part in combinations(identities, size)
        if not any(is_same_person(one, other) for one, other in combinations(part, 2))
    ]
    assert people_among(identities) == max(apart)
