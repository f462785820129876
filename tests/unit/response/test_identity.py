from __future__ import annotations

from typing import Any

import pytest
from cordon.errors import NoIdentity
from cordon.response.identity import Identity, identity_of

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/on-call/bob"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/OnCall/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/OnCall"
PINNED = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/OnCall"


def signed(arn: str, **changed: Any) -> dict[str, Any]:
    """What AWS says of who signed with this ARN."""
    return {"accountId": ACCOUNT, "callerId": "AROAX:alice", "userArn": arn, "userId": "AROAX:alice", **changed}


def identity(arn: str, *pinned: str, **changed: Any) -> Identity:
    """Whose word it is."""
    return identity_of(signed(arn, **changed), account=ACCOUNT, pinned_roles=pinned)


def test_a_user_is_himself() -> None:
    """His ARN, path and all."""
    assert identity(USER) == Identity(USER, USER)


def test_a_session_is_its_role_since_whoever_assumes_it_names_it() -> None:
    """Two sessions of a role are one identity; what AWS signed is kept beside it."""
    assert identity(SESSION) == Identity(ROLE, SESSION)
    assert identity(SESSION.replace("alice", "mallory")).name == ROLE


@pytest.mark.parametrize("pinned", [ROLE, PINNED])
def test_a_session_of_a_pinned_role_is_a_person(pinned: str) -> None:
    """Listed with or without its path: a session's ARN has none, and no second role has that name."""
    assert identity(SESSION, pinned) == Identity(SESSION, SESSION)


@pytest.mark.parametrize(
    "pinned",
    [
        f"arn:aws:iam::{ACCOUNT}:role/OnCallToo",
        f"arn:aws:iam::{ACCOUNT}:role/OnCall/Other",
        "arn:aws:iam::999999999999:role/OnCall",
        f"arn:aws-cn:iam::{ACCOUNT}:role/OnCall",
    ],
)
def test_another_role_pins_nothing_here(pinned: str) -> None:
    """A role that only looks alike, or is of another account or partition."""
    assert identity(SESSION, pinned).name == ROLE


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:sts::{ACCOUNT}:federated-user/eve",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/OnCall",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/OnCall/alice/bob",
        f"arn:aws:iam::{ACCOUNT}:role/OnCall",
        f"arn:aws:iam::{ACCOUNT}:user/",
        USER.replace(ACCOUNT, "999999999999"),
        SESSION.replace(ACCOUNT, "999999999999"),
        f"{SESSION}\n",
        SESSION.replace("alice", "alicé"),
        "alice",
        "",
    ],
)
def test_nobody_else_is_anybody(arn: str) -> None:
    """Root, federated users, other accounts, and whatever is no ARN of a user or a role's session."""
    with pytest.raises(NoIdentity):
        identity(arn, ROLE)


@pytest.mark.parametrize("missing", ["accountId", "callerId", "userArn", "userId"])
@pytest.mark.parametrize("value", [None, "", 7, {}])
def test_half_a_signature_is_none(missing: str, value: object) -> None:
    """AWS gives all four, as text."""
    with pytest.raises(NoIdentity):
        identity(USER, **{missing: value})


def test_no_signature_is_none() -> None:
    """Neither nothing nor an empty object is anybody."""
    nobody: list[dict[str, Any] | None] = [None, {}]
    for nothing in nobody:
        with pytest.raises(NoIdentity):
            identity_of(nothing, account=ACCOUNT, pinned_roles=[])


def test_an_account_that_is_not_the_arns_is_refused() -> None:
    """The two that AWS gives are one."""
    with pytest.raises(NoIdentity):
        identity(USER, accountId="999999999999")
