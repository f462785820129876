"""The step that denies sessions goes on where the policy is full, and says so."""

from __future__ import annotations

from cordon.actions.sts_deny import StsDeny
from cordon.actions.sts_policy import MOST_IDS
from cordon.incidents.sts_holds import StsHolds
from cordon.response.verification import unproven_changes
from cordon.steps.deny_sts_sessions import deny_sts_sessions
from cordon.steps.step import StepRequest

from ..conftest import ME, Bed
from ..denials import Denials, denial, incident, numbered


def run(bed: Bed, denials: Denials) -> str:
    """Run the step for the incident that is open, and return that one's id."""
    incident_id = bed.open_id() or ""
    request = StepRequest(incident_id=incident_id, execution=ME, state="DenyStsSessions")
    deny_sts_sessions(request, bed.incidents, {StsDeny.name: denials.action})
    return incident_id


def test_what_is_planned_is_denied_and_recorded(bed: Bed, denials: Denials) -> None:
    """Once, also where the step runs again."""
    ledger = bed.planned(denial(numbered(1), incident(1)), denial(numbered(2), incident(1)))
    run(bed, denials)
    run(bed, denials)
    assert [entry.status for entry in ledger.entries()] == ["applied", "applied"]
    assert denials.policy.denied() == [numbered(1), numbered(2)]
    assert denials.versions == ["v1", "v2", "v3"]


def test_a_full_policy_leaves_the_leg_unproven_and_nobody_out(bed: Bed, denials: Denials) -> None:
    """The step ends well, the record says that nothing was denied, and reading back does not find it."""
    for number in range(MOST_IDS):
        StsHolds(bed.table).hold(numbered(number), incident(number))
    denials.action.catch_up()
    full = denials.document
    ledger = bed.planned(denial(numbered(MOST_IDS), incident(MOST_IDS)))
    incident_id = run(bed, denials)
    assert denials.document == full
    assert unproven_changes(ledger.entries(), {StsDeny.name: denials.action}) == ledger.entries()
    noted = [row["facts"] for row in bed.incidents.rows_of(incident_id, "TIMELINE#") if row["what"] == "not denied"]
    assert noted == [
        {"reason": f"the policy that denies sessions is full; those of {numbered(MOST_IDS)} are not denied"}
    ]
