"""Windows, freezes, exemptions and ages at their edges, as an assessment meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon.model.incident import Mode
from cordon.model.response_policy import ResponsePolicy

from playtest.run.demo_policy import demo_policy
from tests.unit.conftest import THING, Bed
from tests.unit.response.test_assessment import Looks

SECOND = timedelta(seconds=1)
NIGHT = {"days": ["sat", "sun"], "start": "01:30", "end": "04:00"}


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def windows(zone: str) -> dict[str, Any]:
    """Windows in the small hours of the weekend, which the change of the clocks falls into."""
    return {"windows": {"zone": zone, "open": [NIGHT]}}


def freeze(zone: str, start: str, end: str) -> dict[str, Any]:
    """One freeze."""
    return {"freezes": [{"name": "Harvest", "zone": zone, "start": start, "end": end}]}


EXEMPT = {"exemptions": [{"thing": THING, "owner": "plant", "reason": "trial", "expires": "2026-12-01T12:00+01:00"}]}
# What the policy says, an instant, and whether Cordon acts by itself a second before it, and from then on.
EDGES = [
    (windows("Europe/Berlin"), "2026-03-29T00:30", (False, True)),
    (windows("Europe/Berlin"), "2026-03-29T02:00", (True, False)),
    (windows("Europe/Berlin"), "2026-10-24T23:30", (False, True)),
    (windows("Europe/Berlin"), "2026-10-25T03:00", (True, False)),
    (windows("America/New_York"), "2026-03-08T06:30", (False, True)),
    (windows("America/New_York"), "2026-03-08T08:00", (True, False)),
    (windows("America/New_York"), "2026-11-01T05:30", (False, True)),
    (windows("America/New_York"), "2026-11-01T06:00", (True, False)),  # 01:00 again: shut until 01:30 again
    (windows("America/New_York"), "2026-11-01T06:30", (False, True)),
    (windows("America/New_York"), "2026-11-01T09:00", (True, False)),
    (windows("Australia/Sydney"), "2026-10-03T15:30", (False, True)),
    (windows("Australia/Sydney"), "2026-10-03T17:00", (True, False)),
    (freeze("Europe/Berlin", "2026-10-25T02:30", "2026-10-26"), "2026-10-25T00:30", (True, False)),
    (freeze("Europe/Berlin", "2026-10-24", "2026-10-25T02:30"), "2026-10-25T01:30", (False, True)),
    (freeze("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T03:00"), "2026-03-29T01:00", (False, True)),
    (freeze("Australia/Sydney", "2026-04-05T02:30", "2026-04-06"), "2026-04-04T15:30", (True, False)),
    (EXEMPT, "2026-12-01T11:00", (False, True)),
]


@pytest.mark.parametrize(("said", "edge", "acts"), EDGES)
def test_a_second_before_an_edge_is_before_it(
    bed: Bed, said: dict[str, Any], edge: str, acts: tuple[bool, bool]
) -> None:
    """A person is asked on the one side of the edge and not on the other, and the plan is the same on both."""
    looks = Looks(bed)
    looks.pump()
    plans = []
    for number, (moment, is_alone) in enumerate(zip((utc(edge) - SECOND, utc(edge)), acts, strict=True)):
        bed.clock.moment = moment
        policy = ResponsePolicy.model_validate(demo_policy().model_dump() | said)
        found = looks.look(policy, id=f"alarm-{number}", finding_id=f"{number}", raised_at=moment, received_at=moment)
        assert (found.mode, found.blockers) == (Mode.AUTOMATIC, [])
        assert (found.questions == []) is is_alone, found.questions
        plans.append(found.plan.hash)
    assert plans[0] == plans[1]


@pytest.mark.parametrize(("older", "asked"), [(timedelta(), 0), (SECOND, 1)])
def test_an_alarm_is_too_old_a_second_after_its_age(bed: Bed, older: timedelta, asked: int) -> None:
    """At `max_age_hours` to the second it is answered, and a second later a person is asked."""
    looks = Looks(bed)
    looks.pump()
    found = looks.look(demo_policy(max_age_hours=24), raised_at=bed.clock.now() - timedelta(hours=24) - older)
    assert len(found.questions) == asked
