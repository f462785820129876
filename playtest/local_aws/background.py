"""What the local AWS does on its own threads, and how to wait for the end of it without polling.

Virtual time passes as it does for many executions at once: a wait blocks its thread, and only when everything else has
done what it could, or waits as well, does the clock move on, to the wait that ends first.
"""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from playtest.local_aws.clock import VirtualClock

SETTLE_SECONDS = 120.0


class NotSettled(Exception):
    """Work was still going on when the patience of `settle` ended; the message names it."""


class Crashed(Exception):
    """Work on a thread of the local AWS itself raised: a fault of the playtest, not of what it plays."""


class Background:
    """Counts the work under way; `settle` returns when there is none and every queue is drained."""

    def __init__(self) -> None:
        """Start with nothing under way."""
        self.changed = threading.Condition(threading.RLock())
        self._under_way: dict[int, str] = {}
        self._resting = 0
        self._next = 0
        self._drained: list[Callable[[], bool]] = []
        self._crashes: list[str] = []
        self._asleep: dict[int, datetime] = {}
        self._ended = False
        self._own = threading.local()

    def until_drained(self, drained: Callable[[], bool]) -> None:
        """Let `settle` also wait until `drained()` holds; whoever changes that calls `notify`."""
        self._drained.append(drained)

    def notify(self) -> None:
        """Let waiting threads look again."""
        with self.changed:
            self.changed.notify_all()

    def run(self, what: str, work: Callable[[], object]) -> None:
        """Do `work` on a thread of its own; it is under way from now on, not from when the thread starts."""
        number = self._begin(what)

        def worker() -> None:
            self._own.number = number
            try:
                work()
            except BaseException:  # noqa: BLE001 - a thread has nobody to raise to: `settle` raises it
                self._crashes.append(f"{what}: {traceback.format_exc()}")
            finally:
                self._end(number)

        threading.Thread(target=worker, name=what, daemon=True).start()

    def sleep(self, clock: VirtualClock, seconds: float) -> None:
        """Let `seconds` of virtual time pass for the work that calls; returns early once the local AWS ends."""
        number = getattr(self._own, "number", None)
        if number is None:
            return clock.advance(seconds)
        wake = clock.now() + timedelta(seconds=seconds)
        with self.changed:
            self._asleep[number] = wake
            self.changed.notify_all()
            self.changed.wait_for(lambda: self._ended or clock.now() >= wake or self._is_next(number))
            del self._asleep[number]
        # Without the lock: whoever listens to the clock acts now. Awake and under way, this work holds the others.
        if (left := (wake - clock.now()).total_seconds()) > 0 and not self._ended:
            clock.advance(left)
        self.notify()
        return None

    @contextlib.contextmanager
    def under_way(self, what: str) -> Iterator[None]:
        """Keep the clock from moving on, and `settle` from returning, while the caller does `what`."""
        number = self._begin(what)
        try:
            yield
        finally:
            self._end(number)

    def end(self) -> None:
        """Let nobody sleep any longer: the local AWS ends."""
        with self.changed:
            self._ended = True
            self.changed.notify_all()

    def rest(self) -> None:
        """Let one piece of the work under way count as settled: it waits for somebody outside of the local AWS."""
        with self.changed:
            self._resting += 1
            self.changed.notify_all()

    def wake(self) -> None:
        """Let one piece of the work that rested count again."""
        with self.changed:
            self._resting -= 1
            self.changed.notify_all()

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Return when nothing is under way that does not rest, and all is drained.

        Raises NotSettled after `seconds` of real time, and Crashed for work that raised.
        """
        with self.changed:
            if not self.changed.wait_for(self._quiet, timeout=seconds):
                raise NotSettled(
                    f"after {seconds:.0f} s still under way: {sorted(self._under_way.values()) or 'queues'}"
                )
        if self._crashes:
            crashes, self._crashes = self._crashes, []
            raise Crashed("\n".join(crashes))

    def _quiet(self) -> bool:
        return len(self._under_way) == self._resting and all(drained() for drained in self._drained)

    def _is_next(self, number: int) -> bool:
        """Say whether all that is under way sleeps or rests, and this work has to wake first."""
        if len(self._asleep) + self._resting < len(self._under_way) or not all(drained() for drained in self._drained):
            return False
        return min(self._asleep, key=lambda one: (self._asleep[one], one)) == number

    def _begin(self, what: str) -> int:
        with self.changed:
            self._next += 1
            self._under_way[self._next] = what
            return self._next

    def _end(self, number: int) -> None:
        with self.changed:
            del self._under_way[number]
            self.changed.notify_all()
