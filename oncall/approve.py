"""`cordon approve`: stand behind the plan of an incident, as oneself."""

from __future__ import annotations

from typing import Annotated

import typer

from oncall.at_desk import Connect, at_desk
from oncall.options import AsJson, Yes

Incident = Annotated[
    str, typer.Argument(metavar="INCIDENT", show_default=False, help="Its id, such as inc-20261123-0123456789.")
]
PlanHash = Annotated[
    str | None,
    typer.Option(
        "--plan", metavar="HASH", help="The plan's hash, whole. Without it the plan is shown first, and you are asked."
    ),
]


@at_desk
def approve(
    incident: Incident,
    plan: PlanHash = None,
    yes: Yes = False,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Approve the plan of an incident that waits, as whoever your AWS credentials say you are.

    It holds for that one plan, once, and until the request runs out. A plan that has changed is asked again.

    Exit status: 0 approved, 1 refused or failed, 2 bad usage, 3 recorded, and another person must approve it too.
    """
    from cordon.model.approval import Verdict  # noqa: PLC0415 - see cordon plan

    from oncall.deciding import Deciding  # noqa: PLC0415 - see cordon plan

    client = connect()
    deciding = Deciding(client, Verdict.APPROVE, incident, plan, reason=None, yes=yes, as_json=as_json)
    raise typer.Exit(deciding.decide())
