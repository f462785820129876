from __future__ import annotations

from itertools import product

import pytest
from cordon.model.incident import DETAIL_TYPE, TRANSITIONS, IncidentStatus, Leg, LegOutcome

S = IncidentStatus

DESIGN = {
    S.OPENED: {S.RESPONDING},
    # "Any below".
    S.RESPONDING: set(S) - {S.OPENED, S.RESPONDING},
    S.AWAITING_APPROVAL: {S.RESPONDING, S.STOOD_DOWN},
    # Responding: "a sighting of an observed incident is assessed again".
    S.OBSERVED: {S.RESPONDING, S.CLOSED},
    S.CONTAINED: {S.RESTORING, S.STOOD_DOWN},
    S.PARTIAL: {S.CONTAINED, S.RESTORING, S.STOOD_DOWN},
    # "Any".
    S.ESCALATED: set(S) - {S.ESCALATED},
    S.STOOD_DOWN: {S.CLOSED},
    S.RESTORING: {S.RESTORED, S.CONTAINED},
    S.RESTORED: {S.CONTAINED, S.CLOSED},
    S.CLOSED: set(),
}
"""DESIGN.md's table of statuses, without the sentence below it: any but closed may go to escalated."""


@pytest.mark.parametrize(("status", "to"), list(product(S, S)))
def test_a_status_is_followed_by_those_of_the_design_and_no_other(status: S, to: S) -> None:
    """Each pair of statuses is allowed or forbidden as the design's table says; any but closed may be escalated."""
    may_escalate = to is S.ESCALATED and status not in {S.CLOSED, S.ESCALATED}
    assert (to in TRANSITIONS[status]) == (to in DESIGN[status] or may_escalate)


def test_the_statuses_are_announced_as_the_design_says() -> None:
    """Responding and restoring are nobody's news; a partial containment is announced as an escalation."""
    assert {status: DETAIL_TYPE.get(status) for status in S} == {
        S.OPENED: "Incident Opened",
        S.RESPONDING: None,
        S.AWAITING_APPROVAL: "Approval Requested",
        S.OBSERVED: "Incident Observed",
        S.CONTAINED: "Incident Contained",
        S.PARTIAL: "Incident Escalated",
        S.ESCALATED: "Incident Escalated",
        S.STOOD_DOWN: "Incident Stood Down",
        S.RESTORING: None,
        S.RESTORED: "Incident Restored",
        S.CLOSED: "Incident Closed",
    }


@pytest.mark.parametrize(
    ("outcome", "proven"),
    [
        (LegOutcome.REFUSED, True),
        (LegOutcome.ABSENT, True),
        (LegOutcome.CONNECTED, False),
        (LegOutcome.UNKNOWN, False),
    ],
)
def test_only_what_was_seen_to_be_cut_is_proven(outcome: LegOutcome, proven: bool) -> None:
    """Not to know is not to have proven."""
    assert Leg(resource="connection/pump-01", outcome=outcome, reason="seen").proven is proven
