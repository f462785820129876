"""What the local AWS does on its own threads, and how to wait for the end of it without polling."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

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
        self._next = 0
        self._drained: list[Callable[[], bool]] = []
        self._crashes: list[str] = []

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
            try:
                work()
            except BaseException:  # noqa: BLE001 - a thread has nobody to raise to: `settle` raises it
                self._crashes.append(f"{what}: {traceback.format_exc()}")
            finally:
                self._end(number)

        threading.Thread(target=worker, name=what, daemon=True).start()

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Return when nothing is under way and all is drained.

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
        return not self._under_way and all(drained() for drained in self._drained)

    def _begin(self, what: str) -> int:
        with self.changed:
            self._next += 1
            self._under_way[self._next] = what
            return self._next

    def _end(self, number: int) -> None:
        with self.changed:
            del self._under_way[number]
            self.changed.notify_all()
