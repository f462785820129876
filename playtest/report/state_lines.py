"""One line for each state that an execution leaves: what it was, when, and where it went."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from playtest.local_aws import PlayEvent, PlayEventKind
from playtest.report.wording import short

_NOT_NEEDED = "AlreadyClaimed"
_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")
_ENDS = {"SUCCEEDED": "green", "FAILED": "red", "TIMED_OUT": "red", "ABORTED": "red"}


@dataclass
class _Run:
    """An execution as far as it is shown. `left` is the state that it has left, until the next one is known."""

    number: int
    playbook: str
    state: str = ""
    entered: datetime | None = None
    left: str = ""
    left_at: datetime | None = None
    failed: bool = False
    over: bool = False
    shown: bool = False
    silent: bool = False


class StateLines:
    """Makes lines of the events of all executions. Times are minutes and seconds since `origin`, in virtual time."""

    def __init__(self, origin: datetime, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Count from `origin`; `states` are the states of the playbooks as their ASL defines them, by name."""
        self._origin, self._states = origin, states
        self._runs: dict[str, _Run] = {}

    def lines(self, event: PlayEvent) -> list[Text]:
        """Return what there is to show now that `event` has happened."""
        if event.kind is PlayEventKind.EXECUTION_STARTED:
            self._runs[event.execution] = _Run(len(self._runs) + 1, playbook_name(event.principal))
            return []
        run = self._runs.get(event.execution)
        if run is None or run.silent:
            return []
        if event.kind is PlayEventKind.STATE_ENTERED:
            return self._entered(run, event)
        if event.kind is PlayEventKind.STATE_EXITED:
            run.left, run.left_at = event.subject, event.at
            return []
        if event.kind is PlayEventKind.STATE_FAILED:
            run.failed = True
            return [*self._heading(run), self._failure(event)]
        return self._ended(run, event) if event.kind is PlayEventKind.EXECUTION_ENDED else []

    def waiting(self) -> list[Text]:
        """Return where each execution stands that has not ended, when there is nothing left to happen."""
        return [
            line
            for run in self._runs.values()
            if run.entered and not run.over and not run.silent
            for line in (*self._heading(run), self._line(run.entered, "⧖", f"{run.state:<24} waits", "bold yellow"))
        ]

    def _entered(self, run: _Run, event: PlayEvent) -> list[Text]:
        if event.subject == _NOT_NEEDED:
            run.silent = True
            already = f"{run.playbook} #{run.number}: already claimed by another execution, nothing to do"
            return [self._line(event.at, "·", already, "dim")]
        lines = self._leave(run, event.subject)
        run.state, run.entered, run.failed = event.subject, event.at, False
        return lines

    def _leave(self, run: _Run, following: str) -> list[Text]:
        """Return the line of the state that the run has left for `following` (empty: for its end)."""
        if not run.left or run.entered is None:
            return []
        left, run.left = run.left, ""
        definition = self._states.get(left, {})
        kind = str(definition.get("Type", "Task"))
        seconds = ((run.left_at or run.entered) - run.entered).total_seconds()
        sign, said, style = "✓", "", "green"
        if run.failed and following != definition.get("Next"):
            sign, said, style = "✗", f"caught, on to {following}", "red"
        elif run.failed:
            sign, said, style = "✓", "went on after that", "yellow"
        elif kind == "Wait":
            sign, said, style = "⧖", f"waited {seconds:.0f} s, virtually", "cyan"
        elif kind == "Choice" and self._states.get(following, {}).get("Type") == "Wait":
            return []  # a loop's turn: the wait says it
        elif kind in {"Choice", "Pass"}:
            sign, said, style = "·", f"on to {following}", "dim"
        at = run.left_at if run.failed and run.left_at else run.entered
        return [*self._heading(run), self._line(at, sign, f"{left:<24} {said}".rstrip(), style)]

    def _ended(self, run: _Run, event: PlayEvent) -> list[Text]:
        lines, run.over = self._leave(run, ""), True
        if run.state and self._states.get(run.state, {}).get("Type") == "Fail":
            lines.append(self._line(event.at, "✗", run.state, "red"))
        error = event.detail.get("error")
        said = f"{run.playbook} {event.subject.lower()}" + (f": {short(str(error), 80)}" if error else "")
        return [*self._heading(run), *lines, self._line(event.at, "■", said, _ENDS.get(event.subject, "yellow"))]

    def _heading(self, run: _Run) -> list[Text]:
        if run.shown:
            return []
        run.shown = True
        return [Text(f"  {run.playbook} #{run.number}", "bold")]

    def _failure(self, event: PlayEvent) -> Text:
        error, cause = (short(str(event.detail.get(part) or ""), 120) for part in ("error", "cause"))
        said = f"{error}: {cause}" if cause else error
        return self._line(event.at, "✗", f"{event.subject:<24} {said}", "red")

    def _line(self, at: datetime, sign: str, said: str, style: str) -> Text:
        minutes, seconds = divmod(max(0, int((at - self._origin).total_seconds())), 60)
        return Text.assemble((f"  +{minutes:02d}:{seconds:02d}  ", "dim"), (f"{sign} {said}", style))


def playbook_name(state_machine: str) -> str:
    """Return the playbook of a state machine's logical id: contain_thing for ContainThingStateMachine."""
    return _CAMEL.sub("_", state_machine.removesuffix("StateMachine")).lower()
