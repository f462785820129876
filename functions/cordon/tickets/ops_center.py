"""OpsCenter, the ticket system of AWS Systems Manager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from cordon.errors import TicketSystemDown
from cordon.tickets.wording import TicketContent

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import OpsItemDataValueTypeDef

SYSTEM = "OpsCenter"
_SOURCE = "Cordon"
_LONGEST_SEARCHABLE = 1000
"""Characters: longer texts are for reading, and need no index."""


class Found(NamedTuple):
    """The id of an incident's OpsItem, and whether it was made just now, with what it shall say in it."""

    id: str
    is_new: bool


class OpsCenter:
    """Writes tickets as OpsItems."""

    def __init__(self, client: SSMClient) -> None:
        """Write through `client`."""
        self._client = client

    def create(self, incident_id: str, content: TicketContent) -> Found:
        """Return the incident's OpsItem, made now or by an earlier try that died before it was recorded.

        OpsCenter de-duplicates open OpsItems by `/aws/dedup` and names the one it has (CreateOpsItem,
        OpsItemAlreadyExistsException).

        Raises:
            TicketSystemDown: OpsCenter did not answer, or refused.
        """
        dedup = {"/aws/dedup": json.dumps({"dedupString": f"cordon-{incident_id}"})}
        try:
            made = self._client.create_ops_item(
                Title=content.title,
                Description=content.description,
                Source=_SOURCE,
                Category="Security",
                Severity=str(content.severity),
                OperationalData=_operational({**dedup, **content.data}),
            )
        except self._client.exceptions.OpsItemAlreadyExistsException as there:
            known = str(there.response["OpsItemId"])  # type: ignore[typeddict-item] # a modelled member of this error
            return Found(known, is_new=False)
        except (ClientError, BotoCoreError) as error:
            raise TicketSystemDown(f"OpsCenter did not make a ticket: {error}") from error
        return Found(made["OpsItemId"], is_new=True)

    def update(self, ticket_id: str, content: TicketContent) -> bool:
        """Write what the ticket says now. False: there is no such ticket any more, and never will be again.

        Raises:
            TicketSystemDown: OpsCenter did not answer, or refused.
        """
        try:
            self._client.update_ops_item(
                OpsItemId=ticket_id,
                Title=content.title,
                Description=content.description,
                Severity=str(content.severity),
                OperationalData=_operational(content.data),
            )
        except self._client.exceptions.OpsItemNotFoundException:
            return False
        except (ClientError, BotoCoreError) as error:
            raise TicketSystemDown(f"OpsCenter did not update {ticket_id}: {error}") from error
        return True


def _operational(data: dict[str, str]) -> dict[str, OpsItemDataValueTypeDef]:
    """Return operational data; short values can be searched for in OpsCenter."""
    return {
        name: {"Value": value, "Type": "SearchableString" if len(value) <= _LONGEST_SEARCHABLE else "String"}
        for name, value in data.items()
    }
