from __future__ import annotations

import pytest
from cordon.model.incident import IncidentStatus

from playtest.exit_status import OF_STATUS, exit_status, meaning
from playtest.result import AlarmResult, Cost, DeadLetter, Fate, IncidentResult, PolicyResult, Rejection, Result
from tests.unit.playtest.results import incident

S = IncidentStatus


NO_POLICY = PolicyResult(version=None, hash=None, trouble="there is none", says=None)


def alarm(became: Fate) -> AlarmResult:
    """An alarm of which only its fate matters."""
    return AlarmResult(file="a", delivery="d", source=None, kind=None, accepted=False, became=became, reason="r")


def result(*incidents: IncidentResult, **more: list[object]) -> Result:
    """A result with these incidents and nothing else, unless it is said."""
    nothing: dict[str, list[object]] = {"alarms": [], "fleet_diff": [], "rejected": [], "dead_letters": [], "pages": []}
    return Result.model_validate(
        {**nothing, **more, "incidents": list(incidents), "cost": Cost(dollars=0, services=[]), "policy": NO_POLICY}
    )


REJECTION = Rejection(reason="r", field="f", by="triage", delivery="d")
DEAD_LETTER = DeadLetter(queue="AlarmDeadLetterQueue", reason="r")


def test_every_status_has_an_exit_status() -> None:
    """A new status cannot end green by not being in the table."""
    assert set(OF_STATUS) == set(IncidentStatus)


@pytest.mark.parametrize(
    ("played", "status"),
    [
        (result(), 0),
        (result(incident(S.OPENED)), 1),
        (result(incident(S.RESPONDING)), 1),
        (result(incident(S.AWAITING_APPROVAL)), 3),
        (result(incident(S.OBSERVED)), 0),
        (result(incident(S.CONTAINED)), 0),
        (result(incident(S.PARTIAL)), 1),
        (result(incident(S.ESCALATED)), 1),
        (result(incident(S.STOOD_DOWN)), 0),
        (result(incident(S.RESTORING)), 0),
        (result(incident(S.RESTORED)), 0),
        (result(incident(S.CLOSED)), 0),
        (result(incident(S.CONTAINED), incident(S.AWAITING_APPROVAL)), 3),
        (result(incident(S.AWAITING_APPROVAL), incident(S.ESCALATED)), 1),
        (result(incident(S.CONTAINED), rejected=[REJECTION]), 1),
        (result(incident(S.AWAITING_APPROVAL), rejected=[REJECTION]), 1),
        (result(incident(S.CONTAINED), dead_letters=[DEAD_LETTER]), 1),
        (result(alarms=[alarm(Fate.LOST)]), 1),
        (result(alarms=[alarm(Fate.IGNORED)]), 0),
        (result(alarms=[alarm(Fate.UNROUTED)]), 0),
        (result(incident(S.CONTAINED, intact=False)), 1),
    ],
)
def test_the_exit_status_is_that_of_the_design(played: Result, status: int) -> None:
    """1 if anything gives 1, else 3 if anything gives 3, else 0; what was lost or altered gives 1."""
    assert exit_status(played) == status


def test_the_meaning_names_what_is_left_to_a_person() -> None:
    """The last line of a run names the incident and counts the rejections."""
    said = meaning(result(incident(S.PARTIAL), rejected=[REJECTION]))
    assert "inc-20261123-0000000000 is partial" in said
    assert "1 rejected" in said
