from __future__ import annotations

from typing import Any

import pytest
from cordon.incidents.table import Table

from ..conftest import Bed
from .storm import Announced, Storm


class Dies(BaseException):
    """The process died."""


def dying_after(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process die after its n-th write or announcement from now on."""
    left = [number]

    def counted(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **named: Any) -> Any:
            answer = original(*args, **named)
            left[0] -= 1
            if left[0] == 0:
                raise Dies
            return answer

        monkeypatch.setattr(owner, name, call)

    counted(Table, "write")
    counted(Announced, "announce")


def test_dead_after_any_write_and_run_again_it_ends_the_same(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """One outbreak with all three attached and announced, whichever line the declarer died at."""
    number = deaths = 0
    while True:
        number += 1
        storm = Storm(bed)
        signal = f"signal-{number}"
        storm.assessed(number * 10 + 1, signal=signal)
        storm.assessed(number * 10 + 2, signal=signal)
        incident, alarm = storm.raised(number * 10 + 3, signal=signal)
        with monkeypatch.context() as dying:
            dying_after(dying, number)
            try:
                storm.attach(incident, alarm)
                break
            except Dies:
                deaths += 1
        outbreak = storm.attach(bed.incidents.get(incident.id), alarm)
        assert storm.attached(str(outbreak)) == [f"pump-{number}{last}" for last in (1, 2, 3)]
        assert set(storm.announced.incidents) == {outbreak}
    assert deaths >= 7
    assert len(storm.outbreaks()) == number


def test_what_a_declarer_left_for_good_is_finished_by_who_comes_next(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its incident is opened, and announced as soon as it should have been claimed; who comes then is attached."""
    storm = Storm(bed)
    storm.assessed(1)
    storm.assessed(2)
    incident, alarm = storm.raised(3)
    with monkeypatch.context() as dying:
        dying_after(dying, 2)  # the first write is its membership, the second declares
        with pytest.raises(Dies):
            storm.attach(incident, alarm)
    assert storm.outbreaks() == []
    outbreak = storm.assessed(4)
    assert [found.id for found in storm.outbreaks()] == [outbreak]
    assert storm.attached(str(outbreak)) == ["pump-4"]
    assert storm.announced.incidents == []
    bed.clock.advance(seconds=61)
    assert storm.assessed(5) == outbreak
    assert storm.announced.incidents == [outbreak]
