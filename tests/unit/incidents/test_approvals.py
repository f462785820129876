from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cordon import clock
from cordon.errors import (
    AlreadyDecided,
    CordonError,
    Expired,
    IllegalTransition,
    NotPending,
    RecordBusy,
    Refused,
    SameIdentity,
    WrongPlan,
)
from cordon.incidents import rows
from cordon.incidents.approvals import Approvals
from cordon.model.alarm import AlarmKind
from cordon.model.approval import Answer, ApprovalRequest, GivenDecision, RequestStatus, Verdict
from cordon.model.incident import Incident, IncidentStatus

from ..conftest import ME, OTHER, Bed, an_alarm

PLAN, ANOTHER = "a" * 64, "b" * 64
ANNA, BEN, CLEO = (f"arn:aws:iam::123456789012:user/{name}" for name in ("anna", "ben", "cleo"))
YES, NO = Verdict.APPROVE, Verdict.REJECT


def a_request(incident: Incident, **changed: Any) -> ApprovalRequest:
    """A request for an hour, of which one identity is enough, with some fields changed."""
    now = clock.now()
    facts: dict[str, Any] = {
        "incident_id": incident.id,
        "number": 1,
        "asked": 1,
        "plan_hash": PLAN,
        "execution": ME,
        "task_token": "token-1",
        "requested_at": now,
        "answer_until": now + timedelta(hours=1),
        "identities_needed": 1,
    }
    return ApprovalRequest.model_validate(facts | changed)


def asked(bed: Bed, **changed: Any) -> tuple[Approvals, ApprovalRequest]:
    """A request that waits."""
    approvals, incident = Approvals(bed.incidents), bed.claim(bed.opened().id)
    request = a_request(incident, **changed)
    approvals.ask(incident, request, instead_of=None)
    return approvals, request


def given(identity: str = ANNA, verdict: Verdict = YES) -> GivenDecision:
    """What somebody says now."""
    return GivenDecision(identity=identity, user_arn=identity, verdict=verdict, at=clock.now())


def decide(approvals: Approvals, request: ApprovalRequest, *said: Any, plan: str = PLAN) -> RequestStatus:
    """The request's status after somebody said something."""
    return approvals.decide(request.incident_id, plan, given(*said)).status


def require_refused(bed: Bed, error: type[CordonError], *args: Any, **more: Any) -> None:
    """The decision is refused so, and nothing is written of it."""
    before = bed.everything()
    with pytest.raises(error):
        decide(*args, **more)
    assert bed.everything() == before


def test_a_request_moves_its_incident_and_the_sweep_asks_after_it(bed: Bed) -> None:
    """Both in one write: the incident waits, and is due ten minutes after the request runs out."""
    approvals, request = asked(bed)
    incident = bed.incidents.get(request.incident_id)
    assert (incident.status, approvals.find(incident.id)) == (IncidentStatus.AWAITING_APPROVAL, request)
    bed.clock.advance(minutes=69)
    assert list(bed.table.due(rows.INCIDENT_DUE, clock.now().isoformat())) == []
    bed.clock.advance(minutes=2)
    assert len(list(bed.table.due(rows.INCIDENT_DUE, clock.now().isoformat()))) == 1


def test_a_pending_request_is_not_replaced(bed: Bed) -> None:
    """A second one can only follow one that is over; the incident stays where it was."""
    approvals, request = asked(bed)
    bed.claim(request.incident_id)
    incident = bed.incidents.get(request.incident_id)
    with pytest.raises(RecordBusy):
        approvals.ask(incident, a_request(incident, number=2), instead_of=request)
    assert approvals.find(incident.id) == request


def test_one_identity_is_enough_where_one_is_needed(bed: Bed) -> None:
    """Approved, and due for the sweep until the playbook has read it."""
    approvals, request = asked(bed)
    assert decide(approvals, request) is RequestStatus.APPROVED
    bed.clock.advance(minutes=6)
    assert [row["incident_id"] for row in bed.table.due(rows.APPROVAL_DUE, clock.now().isoformat())] == [
        request.incident_id
    ]


@pytest.mark.parametrize(
    ("requested_by", "people", "ends"),
    [
        (None, [ANNA], RequestStatus.PENDING),
        (None, [ANNA, BEN], RequestStatus.APPROVED),
        (BEN, [ANNA], RequestStatus.APPROVED),
    ],
)
def test_two_are_two_distinct_identities(
    bed: Bed, requested_by: str | None, people: list[str], ends: RequestStatus
) -> None:
    """A known requester counts as one, an unknown one as none."""
    approvals, request = asked(bed, identities_needed=2, requested_by=requested_by)
    assert [decide(approvals, request, one) for one in people][-1] is ends


@pytest.mark.parametrize("again", [ANNA, ANNA.upper().replace("ARN:AWS:IAM", "arn:aws:iam")])
def test_the_same_identity_is_never_two(bed: Bed, again: str) -> None:
    """Neither twice nor in another spelling, nor where it asked for the incident itself; one other is enough then."""
    approvals, request = asked(bed, identities_needed=2, requested_by=CLEO)
    require_refused(bed, SameIdentity, approvals, request, CLEO)
    assert decide(approvals, request, ANNA) is RequestStatus.APPROVED
    require_refused(bed, AlreadyDecided, approvals, request, BEN)
    assert decide(approvals, request, again) is RequestStatus.APPROVED


def test_one_rejection_is_enough_also_after_an_approval(bed: Bed) -> None:
    """Whoever sees a reason not to do it is heard, the first approver himself included."""
    approvals, request = asked(bed, identities_needed=2)
    decide(approvals, request, ANNA)
    assert decide(approvals, request, ANNA, NO) is RequestStatus.REJECTED


def test_the_requester_may_approve_where_one_is_needed(bed: Bed) -> None:
    """He has seen the plan, and one identity is what it takes."""
    approvals, request = asked(bed, requested_by=CLEO)
    assert decide(approvals, request, CLEO) is RequestStatus.APPROVED


@pytest.mark.parametrize(("seconds", "is_late"), [(3599, False), (3600, True), (3601, True)])
def test_a_request_runs_out_to_the_second(bed: Bed, seconds: int, is_late: bool) -> None:
    """An answer at the very moment is too late, whether the time-out was recorded or not."""
    approvals, request = asked(bed)
    bed.clock.advance(seconds=seconds)
    if is_late:
        require_refused(bed, Expired, approvals, request)
        approvals.expire(request)
        require_refused(bed, Expired, approvals, request)
    else:
        assert decide(approvals, request) is RequestStatus.APPROVED


def test_a_decision_is_about_one_plan(bed: Bed) -> None:
    """Another hash is refused, whoever says what."""
    approvals, request = asked(bed)
    for verdict in (YES, NO):
        require_refused(bed, WrongPlan, approvals, request, ANNA, verdict, plan=ANOTHER)


def test_the_same_word_of_the_same_person_changes_nothing(bed: Bed) -> None:
    """He is answered with what stands, also once it is used; the opposite is refused."""
    approvals, request = asked(bed)
    decide(approvals, request)
    before = bed.everything()
    assert decide(approvals, request) is RequestStatus.APPROVED
    assert bed.everything() == before
    require_refused(bed, AlreadyDecided, approvals, request, ANNA, NO)
    conclude(bed, approvals)
    assert decide(approvals, request) is RequestStatus.USED


def conclude(bed: Bed, approvals: Approvals) -> None:
    """Let the playbook read an approval and go on."""
    (incident,) = [bed.incidents.get(row["incident_id"]) for row in bed.rows(rows.of_alarm(an_alarm().id))]
    request = approvals.find(incident.id)
    assert request is not None
    done = {"answer": Answer.CARRY_OUT, "answer_reasons": [], "status": RequestStatus.USED}
    approvals.conclude(incident, request, IncidentStatus.RESPONDING, head={}, **done)


def test_an_approval_is_used_once(bed: Bed) -> None:
    """Concluded twice, the second time nothing is written, and it is due no more."""
    approvals, request = asked(bed)
    decide(approvals, request)
    conclude(bed, approvals)
    bed.clock.advance(hours=2)
    assert list(bed.table.due(rows.APPROVAL_DUE, clock.now().isoformat())) == []
    before = bed.everything()
    with pytest.raises(IllegalTransition):
        conclude(bed, approvals)
    assert bed.everything() == before


@pytest.mark.parametrize("how", ["status", "claimed_by"])
def test_an_incident_that_waits_no_longer_takes_no_decision(bed: Bed, how: str) -> None:
    """Escalated, or another execution's by now: the request is still pending, and worth nothing."""
    approvals, request = asked(bed)
    bed.set_head(request.incident_id, **{how: {"status": "escalated", "claimed_by": OTHER}[how]})
    require_refused(bed, NotPending, approvals, request)


def test_there_is_nothing_to_decide_where_nobody_asked(bed: Bed) -> None:
    """An incident without a request."""
    incident = bed.opened()
    before = bed.everything()
    with pytest.raises(NotPending):
        Approvals(bed.incidents).decide(incident.id, PLAN, given())
    assert bed.everything() == before


def test_of_many_at_once_one_decides(bed: Bed) -> None:
    """Ten people and the time-out at the same moment: one decision is recorded, or none."""
    approvals, request = asked(bed)

    def say(number: int) -> str:
        try:
            decide(approvals, request, f"{ANNA}-{number}", YES if number % 2 else NO)
        except (Refused, RecordBusy) as error:
            return type(error).__name__
        return "taken"

    with ThreadPoolExecutor(11) as pool:
        expiring = pool.submit(approvals.expire, request)
        said = list(pool.map(say, range(10)))
    ended = approvals.find(request.incident_id)
    assert ended is not None
    assert expiring.result().status is not RequestStatus.PENDING
    assert said.count("taken") == len(ended.decisions) == (0 if ended.status is RequestStatus.EXPIRED else 1)


def test_a_token_is_replaced_and_nothing_else(bed: Bed) -> None:
    """A retried step has another token; who decided meanwhile and until when stay."""
    approvals, request = asked(bed)
    decide(approvals, request)
    renewed = approvals.renew(request, "token-2")
    assert (renewed.task_token, renewed.status, len(renewed.decisions)) == ("token-2", RequestStatus.APPROVED, 1)
    assert "token" not in repr(renewed)


def test_an_alarm_that_cleared_is_known(bed: Bed) -> None:
    """When, by the timeline; None while nothing said so."""
    approvals, request = asked(bed)
    assert approvals.cleared_at(request.incident_id) is None
    bed.clock.advance(minutes=1)
    bed.admission.admit(an_alarm(id="cleared", kind=AlarmKind.ALARM_CLEARED))
    assert approvals.cleared_at(request.incident_id) == clock.now()
