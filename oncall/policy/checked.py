"""What the policy commands have in common: the file, checked, and what the desk says of the policy in force."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from cordon.model.response_policy import PROPOSAL_LASTS, ResponsePolicy
from pydantic import ValidationError

from oncall.desk_answers import Answer, read
from oncall.errors import Failed

if TYPE_CHECKING:
    from oncall.desk_client import DeskClient

File = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="The response policy, in YAML.")]


class ProposalSeen(Answer):
    """A push that waits for a second person."""

    hash: str
    by: str
    at: datetime
    loosenings: list[str]

    @property
    def expires(self) -> datetime:
        """The first moment at which nobody can second it any more."""
        return self.at + PROPOSAL_LASTS


class PolicySeen(Answer):
    """GET /policy: what is in force; `trouble` says why there is none."""

    policy: dict[str, Any] | None
    version: str | None
    hash: str | None
    trouble: str | None
    proposal: ProposalSeen | None = None

    @property
    def parsed(self) -> ResponsePolicy | None:
        """The policy in force, as this version of the command knows it.

        Raises:
            Failed: it does not know it.
        """
        try:
            return None if self.policy is None else ResponsePolicy.model_validate(self.policy)
        except ValidationError as error:
            raise Failed(
                f"this version of the command does not understand the policy in force: {error.errors()[0]['msg']}"
            ) from None


class PolicyPushed(Answer):
    """POST /policy: what came of it."""

    status: str
    hash: str
    version: str | None
    loosenings: list[str]
    needs: str | None


def policy_in(file: str) -> ResponsePolicy:
    """Return the policy that the file holds; where it holds none, tell every mistake and end with bad usage.

    Raises:
        BadUsage: the file cannot be read.
        typer.Exit: it has mistakes, which were told.
    """
    from oncall.policy.file import POLICY  # noqa: PLC0415 - see cordon plan
    from oncall.yaml_file.reading import read_or_tell  # noqa: PLC0415 - see cordon plan

    return read_or_tell(POLICY, file)


def seen_at(client: DeskClient) -> PolicySeen:
    """Return what the desk says of the policy in force."""
    return read(PolicySeen, client.ask("GET", "/policy"))
