"""The live view: prints states as they run, line by line, on a thread of its own."""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from playtest.local_aws import LocalAws, PlayEvent
from playtest.report.state_lines import StateLines
from playtest.run.playbooks import playbook_states


class LiveView:
    """Takes events on any thread and prints them in order. Nothing is redrawn, so it reads the same in a log."""

    def __init__(self, console: Console) -> None:
        """Print to `console`, which must have been made before the local AWS took the standard output over."""
        self._console = console
        self._lines: StateLines | None = None
        self._events: queue.SimpleQueue[tuple[StateLines, PlayEvent] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._print, name="live view", daemon=True)
        self._waiting = console.status(Text("Deploying template.yaml into the local AWS …", "dim"))

    def __enter__(self) -> Self:
        """Say that it starts (a terminal only: the status line is gone as soon as there is something to show)."""
        if self._console.is_terminal:
            self._waiting.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Print what is left and stop."""
        self._events.put(None)
        self._thread.join()
        self._waiting.stop()

    def up(self, aws: LocalAws) -> None:
        """Begin to count: the local AWS stands, and the first alarm goes in now."""
        self._waiting.stop()
        self._lines = StateLines(aws.clock.now(), playbook_states())

    def down(self) -> None:
        """Stop, and say who still waits: how the local AWS ends what is left is no part of the play."""
        lines, self._lines = self._lines, None
        self._events.put(None)
        self._thread.join()
        for line in lines.waiting() if lines else ():
            self._console.print(line)

    def take(self, event: PlayEvent) -> None:
        """Take one event, on whatever thread it happened; a function's own thread must not print."""
        if self._lines is not None:
            self._events.put((self._lines, event))

    def _print(self) -> None:
        while (happened := self._events.get()) is not None:
            lines, event = happened
            for line in lines.lines(event):
                self._console.print(line)
