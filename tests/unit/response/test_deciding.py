from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.model.approval import Answer, ApprovalRequest
from cordon.model.change import Change, Plan
from cordon.model.incident import Containment, Incident, Mode
from cordon.model.response_policy import PlaybookPolicy, ResponsePolicy, Silence
from cordon.model.thing import CertificateFacts, Criticality, ThingFacts
from cordon.response.assessment import Outlook
from cordon.response.deciding import after_approval, after_silence, resume
from cordon.response.policy_store import InForce

from ..conftest import ME, MORNING, THING, Bed

CERTIFICATE = CertificateFacts(id="c" * 64, arn="arn:c", status="ACTIVE", policies=[], things=[THING])
CHANGE = Change(action="certificate_status", resource="certificate/c", before="ACTIVE", after="INACTIVE", hits=[THING])
PLAN = Plan(changes=[CHANGE])
OTHER_PLAN = Plan(changes=[CHANGE, CHANGE.model_copy(update={"resource": "certificate/d"})])
FINAL_PLAN = Plan(changes=[CHANGE.model_copy(update={"reversible": False})])
SHARED = CERTIFICATE.model_copy(update={"things": [THING, "pump-02"]})


def thing(**changed: Any) -> ThingFacts:
    """Return a thing with a certificate of its own, with some facts changed."""
    facts: dict[str, Any] = {
        "name": THING,
        "arn": "arn:t",
        "type_name": None,
        "attributes": {},
        "version": 1,
        "criticality": Criticality.STANDARD,
        "certificates": [CERTIFICATE],
        "other_principals": [],
        "groups": [],
    }
    return ThingFacts.model_validate(facts | changed)


def outlook(silence: Silence = Silence.ACT, **changed: Any) -> Outlook:
    """Return what a look came to: nothing in the way, under a policy that says what silence means."""
    policy = ResponsePolicy(playbooks={"contain_thing": PlaybookPolicy(mode=Mode.APPROVE, silence=silence)})
    facts: dict[str, Any] = {
        "thing": thing(),
        "plan": PLAN,
        "containment": Containment.ISOLATE,
        "mode": Mode.APPROVE,
        "in_force": InForce(policy),
        "blockers": [],
        "questions": [],
    }
    return Outlook(**(facts | changed))


def request(**changed: Any) -> ApprovalRequest:
    """Return a request for approval of the plan, with some fields changed."""
    facts: dict[str, Any] = {
        "incident_id": "inc-20261102-0123456789",
        "number": 1,
        "asked": 1,
        "plan_hash": PLAN.hash,
        "execution": ME,
        "task_token": "token",
        "requested_at": MORNING,
        "answer_until": MORNING + timedelta(hours=1),
        "identities_needed": 1,
    }
    return ApprovalRequest.model_validate(facts | changed)


def room() -> list[str]:
    """Reserve the budget."""
    return []


@pytest.fixture
def incident(bed: Bed) -> Incident:
    """An incident that an alarm opened."""
    return bed.opened()


@pytest.mark.parametrize(
    ("changed", "asked", "answer"),
    [
        ({}, 1, Answer.CARRY_OUT),
        ({"questions": ["it is safety-critical"]}, 1, Answer.CARRY_OUT),
        ({"plan": OTHER_PLAN}, 1, Answer.ASK_AGAIN),
        ({"plan": OTHER_PLAN}, 2, Answer.ASK_AGAIN),
        ({"plan": OTHER_PLAN}, 3, Answer.ESCALATE),
        ({"blockers": ["a client id would be a pattern"]}, 1, Answer.ESCALATE),
    ],
)
def test_an_approval_carries_out_what_was_approved_or_nothing(
    changed: dict[str, Any], asked: int, answer: Answer
) -> None:
    """The questions were why people were asked; another plan is asked about again, three times at most."""
    assert after_approval(request(asked=asked), outlook(**changed)).answer is answer


@pytest.mark.parametrize(
    ("silence", "answer"),
    [(Silence.ACT, Answer.CARRY_OUT), (Silence.LEAVE, Answer.LEAVE), (Silence.ESCALATE, Answer.ESCALATE)],
)
def test_silence_means_what_the_policy_says(incident: Incident, silence: Silence, answer: Answer) -> None:
    """Act, leave or escalate."""
    assert after_silence(incident, request(), outlook(silence), room).answer is answer


@pytest.mark.parametrize(
    ("seen", "wanted", "head", "why"),
    [
        ({"plan": OTHER_PLAN}, {}, {}, "the plan has changed since"),
        ({"plan": FINAL_PLAN}, {"plan_hash": FINAL_PLAN.hash}, {}, "it cannot be undone"),
        ({}, {"irreversible": True}, {}, "it cannot be undone"),
        ({}, {"identities_needed": 2}, {}, "it takes more than one person"),
        ({"thing": thing(certificates=[SHARED])}, {}, {}, "it shares a certificate"),
        ({}, {}, {"outbreak": "inc-20261102-aaaaaaaaaa"}, "it is part of an outbreak"),
        ({}, {}, {"requested_by": "arn:aws:iam::123456789012:user/ben"}, "a person asked for it"),
        ({"mode": Mode.OBSERVE}, {}, {}, "the response policy only observes"),
        ({"questions": ["that it is about this thing is only inferred"]}, {}, {}, "only inferred"),
        ({"blockers": ["AWS IoT has no thing pump-01"]}, {}, {}, "no thing"),
    ],
)
def test_silence_never_acts_where_a_person_must_decide(
    incident: Incident, seen: dict[str, Any], wanted: dict[str, Any], head: dict[str, Any], why: str
) -> None:
    """Whatever the policy says: escalated, with the reason, and no budget is reserved for it."""
    reserved: list[str] = []
    incident = incident.model_copy(update=head)

    def reserve() -> list[str]:
        reserved.append("something")
        return []

    conclusion = after_silence(incident, request(**wanted), outlook(**seen), reserve)
    assert conclusion.answer is Answer.ESCALATE
    assert any(why in reason for reason in conclusion.reasons)
    assert reserved == []


@pytest.mark.parametrize("criticality", [Criticality.SAFETY_CRITICAL, Criticality.UNKNOWN])
def test_silence_never_acts_on_what_is_always_a_persons(incident: Incident, criticality: Criticality) -> None:
    """Nor on a thing that cannot be read any more, nor without a policy."""
    seen = outlook(thing=thing(criticality=criticality))
    assert after_silence(incident, request(), seen, room).answer is Answer.ESCALATE
    for blind in (outlook(thing=None), outlook(in_force=InForce(None, trouble="none"))):
        assert after_silence(incident, request(), blind, room).answer is Answer.ESCALATE


def test_silence_acts_within_the_budget_only(incident: Incident) -> None:
    """A budget that is used up is a reason like any other."""
    conclusion = after_silence(incident, request(), outlook(), lambda: ["the budget is used up"])
    assert (conclusion.answer, conclusion.reasons[-1]) == (Answer.ESCALATE, "the budget is used up")


class StepFunctions:
    """A client that answers SendTaskSuccess with an error, or takes it."""

    def __init__(self, code: str | None) -> None:
        self._code = code
        self.sent: list[dict[str, str]] = []

    def send_task_success(self, **sent: str) -> None:
        """Take the token, or refuse it."""
        self.sent.append(sent)
        if self._code:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "SendTaskSuccess")


@pytest.mark.parametrize(
    ("code", "goes_on"), [(None, True), ("TaskTimedOut", False), ("TaskDoesNotExist", False), ("InvalidToken", False)]
)
def test_a_token_that_nobody_waits_for_is_no_failure(code: str | None, goes_on: bool) -> None:
    """The decision is recorded, and the state's own time-out reads it; the output says nothing."""
    client: Any = StepFunctions(code)
    assert resume(client, request()) is goes_on
    assert client.sent == [{"taskToken": "token", "output": "{}"}]


def test_any_other_failure_is_the_callers() -> None:
    """What passes is tried again, by the person or by the sweep."""
    client: Any = StepFunctions("ThrottlingException")
    with pytest.raises(ClientError):
        resume(client, request())
