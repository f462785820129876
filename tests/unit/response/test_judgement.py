from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cordon.model.change import Effect, Plan
from cordon.model.incident import Decision, Mode
from cordon.model.thing import CertificateFacts, Criticality, SessionFacts, ThingFacts
from cordon.response.judgement import blockers, hits_others, judge, questions, too_old

from ..conftest import MORNING, THING, Bed

OWN = CertificateFacts(id="a" * 64, arn="arn", status="ACTIVE", policies=[], things=[THING])

PLAN = Plan(effects=[Effect(action="drop_session", resource=f"connection/{THING}", hits=[THING])])


def thing(**changed: Any) -> ThingFacts:
    """Return a thing that is Cordon's to treat, with some facts changed."""
    facts: dict[str, Any] = {
        "name": THING,
        "arn": "arn",
        "type_name": None,
        "attributes": {},
        "version": 1,
        "criticality": Criticality.STANDARD,
        "certificates": [OWN],
        "other_principals": [],
        "groups": [],
    }
    return ThingFacts.model_validate(facts | changed)


@pytest.mark.parametrize(
    ("mode", "blockers", "questions", "decision"),
    [
        (Mode.OBSERVE, [], [], Decision.OBSERVE),
        (Mode.OBSERVE, ["no topics"], ["it is safety-critical"], Decision.OBSERVE),
        (Mode.APPROVE, ["no topics"], ["it is safety-critical"], Decision.ESCALATE),
        (Mode.APPROVE, [], ["it is safety-critical"], Decision.APPROVE),
        (Mode.APPROVE, [], [], Decision.APPROVE),
        (Mode.AUTOMATIC, ["no topics"], [], Decision.ESCALATE),
        (Mode.AUTOMATIC, [], ["it is safety-critical"], Decision.APPROVE),
        (Mode.AUTOMATIC, [], [], Decision.AUTOMATIC),
    ],
)
def test_one_reason_is_enough_for_a_person(
    mode: Mode, blockers: list[str], questions: list[str], decision: Decision
) -> None:
    """What blocks every plan is not even asked about; to observe never acts; and who is asked is told why."""
    found = judge(mode, blockers, questions)
    assert found.decision is decision
    assert set(found.reasons) >= {*blockers, *questions}
    assert bool(found.reasons) is (decision is Decision.APPROVE or bool(blockers))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"criticality": Criticality.HIGH}, None),
        ({"criticality": Criticality.SAFETY_CRITICAL}, "it is safety-critical"),
        ({"criticality": Criticality.UNKNOWN}, "its criticality attribute"),
        ({"certificates": []}, "it has no certificate"),
        # How far Cordon goes with a shared one is the response policy's to say.
        ({"certificates": [OWN.model_copy(update={"things": [THING, "pump-02"]})]}, None),
        ({"sessions": [SessionFacts(client_id="pump-02", connected=True, foreign="it is another's")]}, None),
    ],
)
def test_what_a_person_must_approve_is_said(changed: dict[str, Any], reason: str | None) -> None:
    """One sentence each; a thing of its own has none."""
    found = questions(thing(**changed))
    assert len(found) == (0 if reason is None else 1)
    assert reason is None or reason in found[0]


@pytest.mark.parametrize("client_id", ["pump-*", "pump-?", "${iot:ClientId}"])
def test_a_client_id_that_would_be_a_pattern_is_a_persons_to_approve(client_id: str) -> None:
    """It stops no plan; unless it is another's: then it is left alone anyway, and nobody is asked because of it."""
    own = SessionFacts(client_id=client_id, connected=True)
    (reason,) = questions(thing(sessions=[own]))
    assert reason == f"client id '{client_id}' would be a pattern in a policy, and is left alone: it stays open"
    assert questions(thing(sessions=[own.model_copy(update={"foreign": "it is another's"})])) == []
    assert blockers(PLAN) == []


def test_a_plan_that_does_nothing_is_nobodys_to_approve() -> None:
    """A person gets the incident as it is."""
    assert blockers(Plan()) == ["there is nothing of it that Cordon could change"]
    assert blockers(PLAN) == []


@pytest.mark.parametrize(
    ("max_hours", "age_hours", "is_old"), [(336, 335, False), (336, 337, True), (0, 200_000, False), (336, -10, False)]
)
def test_an_old_alarm_is_a_persons(bed: Bed, max_hours: int, age_hours: int, is_old: bool) -> None:
    """Zero means that none is too old; a detector's clock may run ahead."""
    incident = bed.opened(raised_at=MORNING - timedelta(hours=age_hours))
    assert bool(too_old(incident, MORNING, timedelta(hours=max_hours))) is is_old


def test_other_things_that_a_plan_would_hit_are_named() -> None:
    """The thing itself is not among them."""
    effect = Effect(action="drop_session", resource="connection/x", hits=[THING, "pump-03", "pump-02"])
    assert hits_others(Plan(effects=[effect]), thing()) == ["the plan would also hit pump-02, pump-03"]
    assert hits_others(Plan(), thing()) == []


def test_a_reason_stays_short_when_a_whole_fleet_shares_a_certificate() -> None:
    """It travels through the playbook, whose data AWS limits, to a ticket: ten names, and how many more."""
    fleet = [THING, *(f"pump-{number:05d}" for number in range(100, 20_100))]
    effect = Effect(action="drop_session", resource="connection/x", hits=fleet)
    (hit,) = hits_others(Plan(effects=[effect]), thing())
    assert hit.endswith("pump-00108, pump-00109 and 19990 more")
    assert len(hit) < 256
