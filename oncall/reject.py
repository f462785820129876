"""`cordon reject`: let a plan not be carried out, as oneself."""

from __future__ import annotations

from typing import Annotated

import typer

from oncall.approve import Incident, PlanHash
from oncall.at_desk import Connect, at_desk
from oncall.options import AsJson, Yes


@at_desk
def reject(
    incident: Incident,
    plan: PlanHash = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why: it stands in the record and in the ticket.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Reject the plan of an incident that waits: nothing is changed, and the incident stands down.

    One rejection is enough, also where two people would have to approve. A later alarm opens a new incident.

    Exit status: 0 rejected, 1 refused or failed, 2 bad usage.
    """
    from cordon.model.approval import Verdict  # noqa: PLC0415 - see cordon plan

    from oncall.deciding import Deciding  # noqa: PLC0415 - see cordon plan

    client = connect()
    deciding = Deciding(client, Verdict.REJECT, incident, plan, reason=reason, yes=yes, as_json=as_json)
    raise typer.Exit(deciding.decide())
