"""Somebody else writes between what a decision reads and what it writes: it is refused, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cordon.errors import CordonError, Expired, IllegalTransition, NotPending, RecordBusy, WrongPlan
from cordon.incidents import rows
from cordon.incidents.approvals import Approvals
from cordon.incidents.record import Incidents, stamp
from cordon.incidents.table import Table, Write, key, update
from cordon.model.approval import Answer, ApprovalRequest, RequestStatus
from cordon.model.incident import IncidentStatus

from ..conftest import OTHER, TABLE, Bed
from .test_approvals import ANNA, ANOTHER, BEN, PLAN, asked, given

S = RequestStatus


class Overtaken(Table):
    """A table in which somebody else writes just before the first write that comes through it."""

    def __init__(self, bed: Bed, act: Callable[[], object]) -> None:
        super().__init__(bed.client("dynamodb"), TABLE)
        self._bed, self._act = bed, act
        self.left: list[Any] | None = None
        """What the other has left behind."""

    def write(self, *writes: Write) -> None:
        """Let the other write first, once."""
        if self.left is None:
            self._act()
            self.left = self._bed.everything()
        super().write(*writes)


def another_writes(bed: Bed, request: ApprovalRequest, **fields: Any) -> Overtaken:
    """Return a table in which another sets fields of the request just before."""
    row_key = key(rows.of_incident(request.incident_id), rows.APPROVAL)
    return Overtaken(bed, lambda: bed.table.write(update(row_key, set_=fields)))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"status": S.EXPIRED}, Expired),
        ({"status": S.SUPERSEDED}, NotPending),
        ({"plan_hash": ANOTHER}, WrongPlan),
        ({"answer_until": None}, Expired),
        ({"number": 2, "status": S.EXPIRED}, Expired),
    ],
)
def test_a_decision_that_is_overtaken_is_refused(bed: Bed, fields: dict[str, Any], error: type[CordonError]) -> None:
    """The request ran out, was taken back, is about another plan by now, or its time was up: nothing is decided."""
    _, request = asked(bed)
    if "answer_until" in fields:
        fields = {"answer_until": stamp(bed.clock.now() - timedelta(seconds=1))}
    table = another_writes(bed, request, **fields)
    with pytest.raises(error):
        Approvals(Incidents(table)).decide(request.incident_id, PLAN, given())
    assert bed.everything() == table.left


def test_who_decides_at_the_same_moment_loses_nobodys_word(bed: Bed) -> None:
    """Ben's approval comes between Anna's look and her write: both stand, and two are two."""
    _, request = asked(bed, identities_needed=2)
    ben = given(BEN).model_dump(mode="json")
    table = another_writes(bed, request, decisions=[ben])
    decided = Approvals(Incidents(table)).decide(request.incident_id, PLAN, given(ANNA))
    stands = Approvals(bed.incidents).find(request.incident_id)
    assert stands == decided
    assert ([one.identity for one in decided.decisions], decided.status) == ([BEN, ANNA], S.APPROVED)


@pytest.mark.parametrize("head", [{"status": "escalated"}, {"claimed_by": OTHER}])
def test_a_decision_about_an_incident_that_stopped_waiting_is_refused(bed: Bed, head: dict[str, str]) -> None:
    """Escalated, or another execution's, after the request was read."""
    _, request = asked(bed)
    table = Overtaken(bed, lambda: bed.set_head(request.incident_id, **head))
    with pytest.raises(NotPending):
        Approvals(Incidents(table)).decide(request.incident_id, PLAN, given())
    assert bed.everything() == table.left


def conclude(table: Table, request: ApprovalRequest, to: IncidentStatus | None) -> None:
    """Record that an approved request is carried out."""
    incidents = Incidents(table)
    done = {"answer": Answer.CARRY_OUT, "answer_reasons": [], "status": S.USED}
    Approvals(incidents).conclude(incidents.get(request.incident_id), request, to, head={}, **done)


@pytest.mark.parametrize("to", [IncidentStatus.RESPONDING, None])
@pytest.mark.parametrize("fields", [{"answer": Answer.ESCALATE}, {"status": S.SUPERSEDED}, {"number": 2}])
def test_a_request_is_concluded_once(bed: Bed, fields: dict[str, Any], to: IncidentStatus | None) -> None:
    """Concluded by another, changed or replaced after it was read: the incident is not moved, nothing is written."""
    approvals, request = asked(bed)
    approved = approvals.decide(request.incident_id, PLAN, given())
    table = another_writes(bed, request, **fields)
    with pytest.raises(RecordBusy):
        conclude(table, approved, to)
    assert bed.everything() == table.left


@pytest.mark.parametrize("to", [IncidentStatus.RESPONDING, None])
def test_what_is_escalated_meanwhile_is_not_concluded(bed: Bed, to: IncidentStatus | None) -> None:
    """The approval stays unused."""
    approvals, request = asked(bed)
    approved = approvals.decide(request.incident_id, PLAN, given())
    table = Overtaken(bed, lambda: bed.set_head(request.incident_id, status="escalated"))
    with pytest.raises(IllegalTransition):
        conclude(table, approved, to)
    assert bed.everything() == table.left


@pytest.mark.parametrize("decided", [S.APPROVED, S.REJECTED])
def test_a_decision_that_came_just_before_the_time_out_stands(bed: Bed, decided: RequestStatus) -> None:
    """The time-out finds it and changes nothing."""
    _, request = asked(bed)
    table = another_writes(bed, request, status=decided)
    assert Approvals(Incidents(table)).expire(request).status is decided
    assert bed.everything() == table.left
