"""The response policy that the demo fleet is played under, unless a scenario brings its own."""

from __future__ import annotations

from typing import Any

from cordon.model.incident import Mode
from cordon.model.response_policy import Alarms, BudgetRule, PlaybookPolicy, ResponsePolicy

RESTRICTED = "cmd/{thing}/#"
"""What the demo plant would deny its safety-critical valve controller: the commands that it takes from afar."""


def demo_policy(
    mode: Mode = Mode.AUTOMATIC,
    *,
    things: int = 10,
    window_minutes: int = 60,
    max_age_hours: int = 0,
    **changes: Any,
) -> ResponsePolicy:
    """Return a policy that plays contain_thing in `mode`, with a budget of `things` for the fleet.

    Samples are of any date, so an alarm's age counts only where `max_age_hours` says so. `changes` replace other parts
    of the policy, or add playbooks.
    """
    contain = PlaybookPolicy(mode=mode, shared_certificate=mode)
    facts: dict[str, Any] = {
        "playbooks": {"contain_thing": contain},
        "budgets": [BudgetRule(scope="fleet", things=things, window_minutes=window_minutes)],
        "alarms": Alarms(max_age_hours=max_age_hours),
        "restrict_topics": [RESTRICTED],
    }
    return ResponsePolicy.model_validate(facts | changes)
