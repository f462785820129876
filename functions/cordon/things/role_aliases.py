"""Role aliases: the roles whose AWS credentials a device gets for its certificate from the credentials provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import Field

from cordon import clock
from cordon.model.base import Word

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iot import IoTClient

CREDENTIALS_PROVIDER = "credentials.iot.amazonaws.com"
"""The service that assumes a role alias's role for a device (AWS IoT, authorizing direct calls to AWS services)."""


KEPT: Final = timedelta(seconds=60)
"""How long what was read of role aliases may be used: a trust that is widened counts after that at the latest."""


class RoleAliasFacts(Word):
    """A role alias of AWS IoT and the role behind it, as IAM has it now."""

    alias: str
    role_name: str
    role_arn: str
    role_id: str | None = None
    """The role's unique id (`AROA…`); None: the role is gone or of another account, and nothing is known of it."""
    only_credentials_provider: bool = False
    """True when its trust policy lets the credentials provider assume the role, and nobody else. Only then is the name
    of a session the provider's choice and no free text (AWS-FACTS 1.7)."""
    policies: list[str] = Field(default_factory=list)
    """ARNs of the managed policies attached to the role."""


class RoleAliases(Protocol):
    """Who knows the role aliases of the account."""

    def all(self) -> list[RoleAliasFacts]:
        """Return the facts of every role alias."""
        ...


class KeptRoleAliases:
    """The role aliases as they were read within the last minute, for whoever asks often.

    All of them: AWS finds no role by its unique id (GetRole takes a name), and no role alias by its role. An outage is
    never kept: while they cannot be read, whoever asks gets the error, and nothing that is older than a minute.
    """

    def __init__(self, reader: Callable[[], RoleAliases]) -> None:
        """Read through what `reader` makes, a new one each time."""
        self._reader = reader
        self._read: tuple[datetime, list[RoleAliasFacts]] | None = None

    def all(self) -> list[RoleAliasFacts]:
        """Return the facts of every role alias."""
        now = clock.now()
        if self._read is None or not timedelta() <= now - self._read[0] < KEPT:
            self._read = (now, self._reader().all())
        return self._read[1]


class RoleAliasReader:
    """Reads the role aliases of the account and their roles, each once: what was read is remembered."""

    def __init__(self, iot: IoTClient, iam: IAMClient) -> None:
        """Read through the two clients."""
        self._iot, self._iam = iot, iam
        self._roles: dict[str, dict[str, Any]] = {}
        self._found: list[RoleAliasFacts] | None = None

    def all(self) -> list[RoleAliasFacts]:
        """Return the facts of every role alias, in the order of their names."""
        if self._found is None:
            pages = self._iot.get_paginator("list_role_aliases").paginate()
            names = sorted(name for page in pages for name in page["roleAliases"])
            self._found = [facts for name in names if (facts := self._facts(name))]
        return self._found

    def _facts(self, alias: str) -> RoleAliasFacts | None:
        """Return the facts of one alias; None if it was deleted since it was listed."""
        try:
            arn = self._iot.describe_role_alias(roleAlias=alias)["roleAliasDescription"]["roleArn"]
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        if arn not in self._roles:
            self._roles[arn] = self._role(arn)
        return RoleAliasFacts(alias=alias, role_name=_name(arn), role_arn=arn, **self._roles[arn])

    def _role(self, arn: str) -> dict[str, Any]:
        """Return what IAM says of the role; nothing if it has no role of that ARN, path and account included."""
        try:
            role = self._iam.get_role(RoleName=_name(arn))["Role"]
            pages = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=_name(arn))
            attached = [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
        except self._iam.exceptions.NoSuchEntityException:
            return {}
        if role["Arn"] != arn:
            return {}
        trusted = trusts_only_the_credentials_provider(role.get("AssumeRolePolicyDocument"))
        return {"role_id": role["RoleId"], "only_credentials_provider": trusted, "policies": sorted(attached)}


def trusts_only_the_credentials_provider(document: Any) -> bool:
    """Say whether a role's trust policy (as IAM returns it: JSON or its text) lets nobody else assume the role.

    Whatever is not exactly that in an Allow is taken for somebody else. A Deny or a Condition only takes away.
    """
    try:
        parsed = json.loads(document) if isinstance(document, str) else document
        listed = parsed["Statement"] if isinstance(parsed["Statement"], list) else [parsed["Statement"]]
        allowing = [statement for statement in listed if statement["Effect"] != "Deny"]
        return bool(allowing) and all(map(_lets_the_provider_in, allowing))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _lets_the_provider_in(statement: dict[str, Any]) -> bool:
    is_plain = statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Condition"}
    principal = {kind: _as_list(who) for kind, who in statement["Principal"].items()}
    actions = [action.lower() for action in _as_list(statement["Action"])]
    return is_plain and principal == {"Service": [CREDENTIALS_PROVIDER]} and actions == ["sts:assumerole"]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(role_arn: str) -> str:
    """Return the name of a role: what stands after the path in its ARN."""
    return role_arn.rpartition("/")[2]
