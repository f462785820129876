"""Reads role aliases and their roles, and says whose sessions they hand out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.things.role_aliases import KeptRoleAliases, RoleAliasReader, trusts_only_the_credentials_provider

from ..conftest import ACCOUNT, Bed
from .conftest import Asked

PROVIDER = {"Service": "credentials.iot.amazonaws.com"}


def statement(**changes: Any) -> dict[str, Any]:
    """Return the statement that AWS's guide gives for the role of a role alias, with parts of it changed."""
    return {"Effect": "Allow", "Principal": PROVIDER, "Action": "sts:AssumeRole", **changes}


def trust(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a trust policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "document",
    [
        trust(statement()),
        json.dumps(trust(statement())),
        {"Statement": statement()},
        trust(statement(Action=["sts:AssumeRole"], Principal={"Service": [PROVIDER["Service"]]}, Sid="devices")),
        trust(statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
        trust(statement(), statement(Effect="Deny", Principal="*")),
    ],
)
def test_a_role_that_only_the_credentials_provider_may_assume_is_known(document: Any) -> None:
    """In every spelling that IAM takes."""
    assert trusts_only_the_credentials_provider(document)


@pytest.mark.parametrize(
    "document",
    [
        None,
        "",
        "[]",
        "{",
        trust(),
        {"Version": "2012-10-17"},
        trust(statement(Effect="Deny")),
        trust(statement(Principal="*")),
        trust(statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
        trust(statement(Principal={**PROVIDER, "AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
        trust(statement(Principal={"Service": [PROVIDER["Service"], "lambda.amazonaws.com"]})),
        trust(statement(), statement(Principal={"Service": "ec2.amazonaws.com"})),
        trust(statement(), statement(Effect="allow", Principal="*")),
        trust(statement(Action="sts:*")),
        trust(statement(Action=["sts:AssumeRole", "sts:TagSession"])),
        trust({"Effect": "Allow", "NotPrincipal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
        trust({"Effect": "Allow", "Principal": PROVIDER, "NotAction": "sts:AssumeRole"}),
        trust(statement(NotAction="sts:TagSession")),
        trust("sts:AssumeRole"),  # type: ignore[arg-type]  # what IAM would never return
    ],
)
def test_a_role_that_anybody_else_may_assume_proves_nothing(document: Any) -> None:
    """Whoever may assume it chooses the session's name; what cannot be read is taken for that."""
    assert not trusts_only_the_credentials_provider(document)


class Aliases:
    """An account with roles and role aliases."""

    def __init__(self, bed: Bed) -> None:
        self.iot, self.iam = Asked(bed.iot), Asked(bed.client("iam"))

    def role(self, name: str, *, path: str = "/", **changes: Any) -> str:
        """Make a role and return its ARN."""
        document = json.dumps(trust(statement(**changes)))
        made = self.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document)
        arn: str = made["Role"]["Arn"]
        return arn

    def alias(self, name: str, role_arn: str) -> None:
        """Make a role alias."""
        self.iot.create_role_alias(roleAlias=name, roleArn=role_arn)

    @property
    def reader(self) -> RoleAliasReader:
        """Return a reader that has read nothing yet."""
        iot: Any = self.iot
        iam: Any = self.iam
        return RoleAliasReader(iot, iam)


@pytest.fixture
def aliases(bed: Bed) -> Aliases:
    """An account without role aliases."""
    return Aliases(bed)


def test_a_role_alias_is_read_with_its_role(aliases: Aliases) -> None:
    """Its id, who may assume it, and the policies attached to it."""
    arn = aliases.role("Devices", path="/plant/")
    denying = trust({"Effect": "Deny", "Action": "*", "Resource": "*"})
    policy = aliases.iam.create_policy(PolicyName="deny", PolicyDocument=json.dumps(denying))["Policy"]["Arn"]
    aliases.iam.attach_role_policy(RoleName="Devices", PolicyArn=policy)
    aliases.alias("device", arn)
    [found] = aliases.reader.all()
    assert (found.alias, found.role_name, found.role_arn) == ("device", "Devices", arn)
    assert found.role_id == aliases.iam.get_role(RoleName="Devices")["Role"]["RoleId"]
    assert (found.only_credentials_provider, found.policies) == (True, [policy])


def test_a_role_that_others_may_assume_is_said_to_be_so(aliases: Aliases) -> None:
    """The alias is read all the same: its sessions can be denied."""
    aliases.alias("device", aliases.role("Open", Principal="*"))
    [found] = aliases.reader.all()
    assert not found.only_credentials_provider
    assert found.role_id


@pytest.mark.parametrize("arn", [f"arn:aws:iam::{ACCOUNT}:role/Gone", "arn:aws:iam::999999999999:role/Devices"])
def test_nothing_is_known_of_a_role_that_is_not_there(aliases: Aliases, arn: str) -> None:
    """One of another account is not taken for ours of the same name."""
    aliases.role("Devices")
    aliases.alias("device", arn)
    [found] = aliases.reader.all()
    assert (found.role_arn, found.role_id, found.only_credentials_provider, found.policies) == (arn, None, False, [])


def test_each_role_is_read_once(aliases: Aliases) -> None:
    """Also where many aliases have it, and where the reader is asked twice: IAM calls take their time."""
    arn = aliases.role("Devices")
    for number in range(30):
        aliases.alias(f"device-{number:02}", arn)
    reader = aliases.reader
    assert [facts.alias for facts in reader.all()] == [f"device-{number:02}" for number in range(30)]
    assert reader.all() == reader.all()
    assert aliases.iam.calls.count("get_role") == 1
    assert aliases.iot.calls.count("describe_role_alias") == 30


def kept(aliases: Aliases) -> KeptRoleAliases:
    """Role aliases that are kept for a while."""
    return KeptRoleAliases(lambda: aliases.reader)


def test_what_was_read_is_kept_for_a_minute(bed: Bed, aliases: Aliases) -> None:
    """However often it is asked for; then AWS is asked again, and says what is so by then."""
    aliases.alias("device", aliases.role("Devices"))
    asked = kept(aliases)
    for seconds in (0, 30, 29):
        bed.clock.advance(seconds=seconds)
        assert [facts.alias for facts in asked.all()] == ["device"]
    assert aliases.iam.calls.count("get_role") == 1
    aliases.alias("second", aliases.role("Others", Principal="*"))
    bed.clock.advance(seconds=1)
    assert [facts.only_credentials_provider for facts in asked.all()] == [True, False]


def test_a_clock_that_goes_back_keeps_nothing(bed: Bed, aliases: Aliases) -> None:
    """What was read at a time that has not come yet is of no known age."""
    asked = kept(aliases)
    assert asked.all() == []
    aliases.alias("device", aliases.role("Devices"))
    bed.clock.advance(hours=-1)
    assert len(asked.all()) == 1


def test_an_outage_is_never_kept(bed: Bed, aliases: Aliases) -> None:
    """Neither at first nor after a minute: whoever asks gets the error, and the truth when it is over."""
    aliases.alias("device", aliases.role("Devices"))
    asked = kept(aliases)
    broken = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "DescribeRoleAlias")
    for _ in range(2):
        aliases.iot.answers["describe_role_alias", "device"] = broken
        for _ in range(2):
            with pytest.raises(ClientError):
                asked.all()
        del aliases.iot.answers["describe_role_alias", "device"]
        assert [facts.role_name for facts in asked.all()] == ["Devices"]
        bed.clock.advance(seconds=60)


def test_an_alias_deleted_meanwhile_is_left_out(aliases: Aliases) -> None:
    """It hands out no credentials any more."""
    aliases.alias("device", aliases.role("Devices"))
    gone = aliases.iot.exceptions.ResourceNotFoundException({"Error": {"Code": "ResourceNotFoundException"}}, "x")
    aliases.iot.answers["describe_role_alias", "device"] = gone
    assert aliases.reader.all() == []
