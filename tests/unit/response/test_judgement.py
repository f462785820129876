from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cordon.model.change import Effect, Plan
from cordon.model.incident import Decision, Mode
from cordon.model.thing import CertificateFacts, Criticality, SessionFacts, ThingFacts
from cordon.response.judgement import hits_others, judge, not_ours_alone, too_old

from ..conftest import MORNING, THING, Bed

OWN = CertificateFacts(id="a" * 64, arn="arn", status="ACTIVE", policies=[], things=[THING])


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
    ("mode", "reasons", "decision"),
    [
        (Mode.OBSERVE, [], Decision.OBSERVE),
        (Mode.OBSERVE, ["it is safety-critical"], Decision.OBSERVE),
        (Mode.AUTOMATIC, [], Decision.AUTOMATIC),
        (Mode.AUTOMATIC, ["it is safety-critical"], Decision.ESCALATE),
    ],
)
def test_one_reason_is_enough_for_a_person(mode: Mode, reasons: list[str], decision: Decision) -> None:
    """And to observe never acts, whatever speaks for it."""
    assert judge(mode, reasons).decision is decision
    assert judge(mode, reasons).reasons == reasons


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"criticality": Criticality.HIGH}, None),
        ({"criticality": Criticality.SAFETY_CRITICAL}, "it is safety-critical"),
        ({"criticality": Criticality.UNKNOWN}, "its criticality attribute"),
        ({"certificates": []}, "it has no certificate"),
        ({"certificates": [OWN.model_copy(update={"things": [THING, "pump-02"]})]}, "is shared with pump-02"),
        ({"sessions": [SessionFacts(client_id="pump-*", connected=True)]}, "client id 'pump-*' would be a pattern"),
        ({"sessions": [SessionFacts(client_id="pump-?", connected=True)]}, "client id 'pump-?' would be a pattern"),
        ({"sessions": [SessionFacts(client_id="${iot:ClientId}", connected=True)]}, "would be a pattern"),
    ],
)
def test_what_is_not_cordons_to_treat_alone_is_said(changed: dict[str, Any], reason: str | None) -> None:
    """One sentence each; a thing of its own has none."""
    found = not_ours_alone(thing(**changed))
    assert len(found) == (0 if reason is None else 1)
    assert reason is None or reason in found[0]


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
    ending = "pump-00108, pump-00109 and 19990 more"
    (shared,) = not_ours_alone(thing(certificates=[OWN.model_copy(update={"things": fleet})]))
    (hit,) = hits_others(Plan(effects=[effect]), thing())
    assert (shared.endswith(ending), hit.endswith(ending)) == (True, True)
    assert max(len(shared), len(hit)) < 256
