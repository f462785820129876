"""Virtual time passes for all that waits together, and only when nothing else can go on."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from playtest.local_aws.background import Background
from playtest.local_aws.clock import VirtualClock


def test_waits_that_begin_together_end_together() -> None:
    """Twenty waits of ten minutes take ten minutes, not two hundred."""
    background, clock = Background(), VirtualClock()
    with background.under_way("the start of all of them"):
        for number in range(20):
            background.run(f"wait {number}", lambda: background.sleep(clock, 600))
    background.settle()
    assert 599 <= clock.waited < 601


def test_the_wait_that_ends_first_ends_first() -> None:
    """Whoever began it first, and each wakes at its own moment."""
    background, clock = Background(), VirtualClock()
    woke: list[tuple[int, int]] = []

    def wait(seconds: int) -> None:
        background.sleep(clock, seconds)
        woke.append((seconds, round(clock.waited)))

    with background.under_way("the start of all of them"):
        for seconds in (300, 100, 200):
            background.run(f"wait {seconds}", partial(wait, seconds))
    background.settle()
    assert woke == [(100, 100), (200, 200), (300, 300)]


def test_no_time_passes_while_something_else_goes_on() -> None:
    """What is done at once is done at one moment, although others wait."""
    background, clock = Background(), VirtualClock()
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        background.sleep(clock, 600)

    with background.under_way("a delivery"):
        background.run("wait", wait)
        assert begun.wait(10)
        with pytest.raises(Exception, match="still under way"):
            background.settle(0.05)
        assert clock.waited == 0
    background.settle()
    assert clock.waited >= 599


def test_a_wait_ends_when_somebody_else_moves_the_clock_past_it() -> None:
    """A test that advances the clock wakes what was due."""
    background, clock = Background(), VirtualClock()
    clock.subscribe(lambda *_: background.notify())
    with background.under_way("the test"):
        background.run("wait", lambda: background.sleep(clock, 60))
        clock.advance(3600)
    background.settle()
    assert 3600 <= clock.waited < 3661


def test_nobody_sleeps_beyond_the_end() -> None:
    """A local AWS that ends wakes everybody without moving the clock."""
    background, clock = Background(), VirtualClock()
    with background.under_way("the rest"):
        background.run("wait", lambda: background.sleep(clock, 600))
        background.end()
    background.settle()
    assert clock.waited == 0
