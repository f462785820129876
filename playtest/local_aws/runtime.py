"""The local AWS that is up in this process, as the mends of moto see it.

moto's own classes are mended once per process (every `install()` of this package); what the mends need to know of the
one local AWS that is up (its clock, faults, log of calls) they ask here, when they run.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playtest.local_aws.background import Background
from playtest.local_aws.clock import VirtualClock
from playtest.local_aws.faults import Faults
from playtest.local_aws.handler_output import OUTPUT
from playtest.local_aws.play_event import OnEvent, PlayEvent, PlayEventKind

if TYPE_CHECKING:
    from playtest.local_aws.calls import CallLog
    from playtest.local_aws.executions import Executions
    from playtest.local_aws.iam import Permissions
    from playtest.local_aws.lambda_bridge import Invocation
    from playtest.local_aws.task_tokens import TaskTokens

ACCOUNT = "123456789012"
"""The account that moto acts as."""


@dataclass(slots=True)
class Runtime:
    """All that one local AWS shares with the mended moto."""

    region: str
    clock: VirtualClock
    faults: Faults
    background: Background
    calls: CallLog
    executions: Executions
    tokens: TaskTokens
    permissions: Permissions | None = None
    on_event: OnEvent | None = None
    logical_ids: dict[str, str] = field(default_factory=dict)
    """Logical id by physical name (functions) or ARN (state machines)."""
    invocations: list[Invocation] = field(default_factory=list)
    not_implemented: list[str] = field(default_factory=list)
    """What moto lacks and somebody asked for; `settle` raises it."""
    undelivered: list[str] = field(default_factory=list)
    """Events and messages that AWS would have dropped, with the reason."""

    def logical_id(self, physical: str) -> str:
        """Return the template's name for a function's name or ARN or a state machine's ARN, else `physical` itself."""
        return self.logical_ids.get(physical) or self.logical_ids.get(physical.rpartition(":")[2], physical)

    def emit(
        self, kind: PlayEventKind, principal: str, subject: str = "", execution: str = "", **detail: object
    ) -> None:
        """Tell the live view, if there is one, what happened now."""
        if self.on_event is None:
            return
        token = OUTPUT.set(None)  # what the view prints is not what a handler printed
        try:
            self.on_event(PlayEvent(kind, self.clock.now(), principal, subject, execution, detail))
        finally:
            OUTPUT.reset(token)


_lock = threading.Lock()
_up: Runtime | None = None


def up() -> Runtime | None:
    """Return the runtime of the local AWS that is up, or None."""
    return _up


def current() -> Runtime:
    """Return the runtime of the local AWS that is up; RuntimeError when none is."""
    if _up is None:
        raise RuntimeError("no local AWS is up: use `with LocalAws() as aws:`")
    return _up


def start(runtime: Runtime) -> None:
    """Make `runtime` the one that is up; RuntimeError when there is one already."""
    global _up  # noqa: PLW0603 - moto itself is one per process, so the local AWS is, too
    with _lock:
        if _up is not None:
            raise RuntimeError("one local AWS at a time: moto is one per process")
        _up = runtime


def stop() -> None:
    """Say that no local AWS is up."""
    global _up  # noqa: PLW0603 - as in `start`
    with _lock:
        _up = None


def now() -> datetime:
    """Return the virtual time, or the real one when no local AWS is up."""
    return _up.clock.now() if _up else datetime.now(UTC)
