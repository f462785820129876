from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cordon.model.change import Gap
from cordon.model.incident import Leg, LegOutcome
from cordon.model.thing import SessionFacts
from cordon.response.verification import Progress, Verdict, is_quiet, legs_of, next_wait, verdict
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CUT = Leg(resource="connection/pump-01", outcome=LegOutcome.ABSENT, reason="gone")
OPEN = Leg(resource="sts/a", outcome=LegOutcome.UNKNOWN, reason="not known")


def looks(pattern: list[bool], legs: list[Leg]) -> tuple[Verdict, list[tuple[int, bool]]]:
    """Look as the playbook does, quiet as the pattern says and as its last says after it; when was what seen."""
    progress, seen = Progress(), []
    for number in range(100):
        quiet = pattern[min(number, len(pattern) - 1)]
        seen.append((progress.waited_seconds, quiet))
        found = verdict(progress, legs, quiet=quiet)
        if found is not Verdict.LOOK_AGAIN:
            return found, seen
        wait = next_wait(progress, quiet=quiet)
        assert 1 <= wait <= 120
        progress = progress.after(quiet=quiet and progress.look > 0, wait=wait)
    raise AssertionError("it never ends")


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_any_pattern_of_looks_ends_and_only_a_long_quiet_is_proven(pattern: list[bool]) -> None:
    """Proven: nothing was seen for 540 s, the first look not counted. Partial: 1800 s without that, and not before."""
    result, seen = looks(pattern, [CUT])
    end = seen[-1][0]
    assert end <= 1800 + 120
    last_sign = max((at for at, quiet in seen if not quiet), default=0)
    if result is Verdict.PROVEN:
        assert seen[-1][1]
        assert end - last_sign >= 540
    else:
        assert result is Verdict.PARTIAL
        assert end >= 1800
        assert end - last_sign < 540 or not seen[-1][1]


def test_a_thing_that_stays_away_is_proven_gone_after_nine_minutes() -> None:
    """Longer than the policy cache, and no look later than need be."""
    result, seen = looks([True], [CUT])
    assert (result, seen[-1][0]) == (Verdict.PROVEN, 540)


def test_a_thing_that_never_goes_is_given_up_after_half_an_hour() -> None:
    """It is looked for every minute until then."""
    result, seen = looks([False], [CUT])
    assert (result, seen[-1][0], len(seen)) == (Verdict.PARTIAL, 1800, 31)


def test_one_leg_that_is_not_cut_makes_the_end_partial() -> None:
    """Quiet is not enough: every way in must be known to be shut."""
    assert looks([True], [CUT, OPEN])[0] is Verdict.PARTIAL


@pytest.mark.parametrize(
    ("quiet_seconds", "waited", "quiet", "expected"),
    [
        (539, 539, True, Verdict.LOOK_AGAIN),
        (540, 540, True, Verdict.PROVEN),
        (540, 540, False, Verdict.LOOK_AGAIN),
        (539, 1799, True, Verdict.LOOK_AGAIN),
        (539, 1800, True, Verdict.PARTIAL),
        (540, 1800, True, Verdict.PROVEN),
        (0, 1800, False, Verdict.PARTIAL),
    ],
)
def test_the_limits_are_kept_to_the_second(quiet_seconds: int, waited: int, quiet: bool, expected: Verdict) -> None:
    """540 quiet seconds prove, 1800 in all give up."""
    assert verdict(Progress(5, waited, quiet_seconds), [CUT], quiet=quiet) is expected


@pytest.mark.parametrize(
    ("session", "quiet", "outcome"),
    [
        ({"connected": True}, False, LegOutcome.CONNECTED),
        ({"connected": None}, False, LegOutcome.UNKNOWN),
        ({"connected": False}, True, LegOutcome.ABSENT),
        ({"connected": False, "reason": "AUTH_ERROR"}, True, LegOutcome.REFUSED),
        ({"connected": False, "reason": "FORBIDDEN_ACCESS"}, True, LegOutcome.REFUSED),
        ({"connected": False, "reason": "CLIENT_INITIATED_DISCONNECT"}, True, LegOutcome.ABSENT),
        ({"connected": True, "foreign": "it is the name of another thing"}, True, LegOutcome.UNKNOWN),
        ({"connected": False, "foreign": "it is the name of another thing"}, True, LegOutcome.UNKNOWN),
    ],
)
def test_a_session_is_judged_by_what_was_seen(session: dict[str, object], quiet: bool, outcome: LegOutcome) -> None:
    """What AWS does not say is not quiet; a foreign client id keeps nothing waiting and is never proven."""
    facts = SessionFacts.model_validate({"client_id": "pump-01", **session})
    (leg,) = legs_of([facts], [], [], since=NOON)
    assert (is_quiet([facts], since=NOON), leg.outcome) == (quiet, outcome)


@pytest.mark.parametrize(
    ("seconds_after", "reason", "back"),
    [
        (60, "CLIENT_INITIATED_DISCONNECT", True),
        (60, "FORBIDDEN_ACCESS", True),
        (60, None, True),
        (6, "CONNECTION_LOST", True),
        (5, "API_INITIATED_DISCONNECT", False),
        (-60, "CLIENT_INITIATED_DISCONNECT", False),
        (60, "AUTH_ERROR", False),
    ],
)
def test_a_thing_that_came_and_left_between_two_looks_was_not_quiet(
    seconds_after: int, reason: str | None, back: bool
) -> None:
    """When its last session ended tells; what we dropped at the last look, and what was never let in, is no sign."""
    left_at = NOON + timedelta(seconds=seconds_after)
    facts = SessionFacts(client_id="pump-01", connected=False, reason=reason, left_at=left_at)
    (leg,) = legs_of([facts], [], [], since=NOON)
    assert is_quiet([facts], since=NOON) is not back
    assert (leg.outcome is LegOutcome.CONNECTED, leg.proven) == (back, not back)


def test_a_gap_of_the_plan_is_a_leg_that_is_not_known() -> None:
    """What no change of ours closes is named until the end."""
    (leg,) = legs_of([], [], [Gap(resource="sts/a", reason="it lives on")], since=NOON)
    assert (leg.resource, leg.outcome, leg.proven) == ("sts/a", LegOutcome.UNKNOWN, False)
