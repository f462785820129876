from __future__ import annotations

from datetime import timedelta

import pytest

from ..conftest import MORNING, an_alarm


@pytest.mark.parametrize(
    ("raised", "received", "is_after"),
    [
        (1, 1, True),
        (-1, 1, False),  # the detector saw it before; it was long on its way
        (1, -1, False),  # the detector's clock runs fast, or its time is forged: it reached us before
        (0, 0, False),
    ],
)
def test_an_alarm_is_dated_after_a_moment_if_both_its_times_are(raised: int, received: int, is_after: bool) -> None:
    """A forged time alone cannot put a proof in question, nor can a late delivery."""
    alarm = an_alarm(raised_at=MORNING + timedelta(seconds=raised), received_at=MORNING + timedelta(seconds=received))
    assert alarm.is_dated_after(MORNING) is is_after
