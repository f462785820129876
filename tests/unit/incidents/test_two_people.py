"""Two verdicts are two people only if they cannot be one, whatever the response policy said at each of them."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from cordon import clock
from cordon.errors import PolicyUnreadable, SameIdentity
from cordon.incidents.approvals import Approvals
from cordon.model.approval import ApprovalRequest, GivenDecision, RequestStatus, Verdict

from ..conftest import Bed
from .test_approvals import asked

ROLE = "arn:aws:iam::123456789012:role/OnCall"
ALICE, DORA = (f"arn:aws:sts::123456789012:assumed-role/OnCall/{name}" for name in ("alice", "dora"))
BOB = "arn:aws:iam::123456789012:user/bob"


def decide(
    approvals: Approvals, request: ApprovalRequest, identity: str, verdict: Verdict = Verdict.APPROVE, **more: Any
) -> ApprovalRequest:
    """What becomes of the request by one word of an identity; a role's was signed by one of its sessions."""
    signed = ALICE if identity == ROLE else identity
    said = GivenDecision(identity=identity, user_arn=signed, verdict=verdict, at=clock.now())
    return approvals.decide(request.incident_id, request.plan_hash, said, **more)


@pytest.mark.parametrize(("first", "second"), list(permutations([ROLE, ALICE, ALICE.replace("alice", "Alice")], 2)))
@pytest.mark.parametrize("requested", [False, True], ids=["approved", "asked for it"])
def test_a_role_and_its_session_are_never_two(bed: Bed, first: str, second: str, *, requested: bool) -> None:
    """Pinned at the first word and not at the second, or the other way round: it goes on waiting for somebody else."""
    approvals, request = asked(bed, identities_needed=2, **({"requested_by": first} if requested else {}))
    if not requested:
        assert decide(approvals, request, first).status is RequestStatus.PENDING
    before = bed.everything()
    with pytest.raises(SameIdentity, match="is, or may be, one of them already"):
        decide(approvals, request, second)
    assert bed.everything() == before
    assert decide(approvals, request, BOB).status is RequestStatus.APPROVED


def test_two_sessions_that_were_pinned_are_two(bed: Bed) -> None:
    """Both words were said under a policy that pinned the role: two names are two people."""
    approvals, request = asked(bed, identities_needed=2)
    assert decide(approvals, request, ALICE).status is RequestStatus.PENDING
    assert decide(approvals, request, DORA).status is RequestStatus.APPROVED


def test_where_two_are_needed_nobody_approves_under_an_unreadable_policy(bed: Bed) -> None:
    """Neither the first nor the second, and nothing is written; a rejection, which takes one, is taken."""
    approvals, request = asked(bed, identities_needed=2)
    for identity in (ALICE, BOB):
        before = bed.everything()
        with pytest.raises(PolicyUnreadable, match="2 people must be behind it"):
            decide(approvals, request, identity, policy_read=False)
        assert bed.everything() == before
        decide(approvals, request, ROLE) if identity == ALICE else None
    rejected = decide(approvals, request, BOB, Verdict.REJECT, policy_read=False)
    assert rejected.status is RequestStatus.REJECTED


def test_where_one_is_needed_the_policy_need_not_be_read(bed: Bed) -> None:
    """Whoever it is, he is one person."""
    approvals, request = asked(bed)
    assert decide(approvals, request, ROLE, policy_read=False).status is RequestStatus.APPROVED
