"""Whether a containment holds: what is there read back, and every way in looked at, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cordon.actions.action import Action
from cordon.model.change import ChangeStatus, Gap, LedgerEntry
from cordon.model.incident import Leg, LegOutcome
from cordon.model.thing import SessionFacts

QUIET_SECONDS = 540
"""How long nothing may be seen of the thing before it counts as gone: policies are cached for up to 8 minutes."""
GIVE_UP_SECONDS = 1800
_LOOK_EVERY = 120
_FIRST_LOOK_AFTER = 60
"""Seconds. Each look costs three state transitions; a device that comes back does so soon."""
_CLOCKS_DIFFER = timedelta(seconds=5)
"""The broker's clock is not ours: a session that we dropped may have ended a little after the look that dropped it."""
_NOT_LET_IN = "AUTH_ERROR"
_TURNED_AWAY = frozenset({_NOT_LET_IN, "FORBIDDEN_ACCESS"})
"""Disconnect reasons by which the broker says that it refused the client (GetThingConnectivityData)."""


class Verdict(StrEnum):
    """What one look came to."""

    LOOK_AGAIN = "look_again"
    PROVEN = "proven"
    PARTIAL = "partial"
    MOOT = "moot"
    """The incident is no longer contained: whoever moved it looks after it."""


@dataclass(frozen=True)
class Progress:
    """How far verification has come: looks made, and seconds that passed at least, of them without a sign of the thing.

    Counted from the waits between looks, which Step Functions guarantees, and not from a clock.
    """

    look: int = 0
    waited_seconds: int = 0
    quiet_seconds: int = 0

    def after(self, *, quiet: bool, wait: int) -> Progress:
        """Return the progress after a look and the wait that follows it. A sign of the thing starts the quiet anew."""
        return Progress(self.look + 1, self.waited_seconds + wait, self.quiet_seconds + wait if quiet else wait)


def unproven_changes(entries: Iterable[LedgerEntry], actions: Mapping[str, Action]) -> list[LedgerEntry]:
    """Return the changes of the plan that are not there when read back."""
    return [
        entry for entry in entries if actions[entry.change.action].read(entry.change.resource) != entry.change.after
    ]


def legs_of(
    sessions: Iterable[SessionFacts], reverted: Iterable[LedgerEntry], gaps: Iterable[Gap], *, since: datetime
) -> list[Leg]:
    """Return every way by which the thing could act, and what is seen of it now and was since `since`."""
    return [
        *(_session_leg(session, since) for session in sessions),
        *(
            Leg(resource=entry.change.resource, outcome=LegOutcome.UNKNOWN, reason=_missing(entry))
            for entry in reverted
        ),
        *(Leg(resource=gap.resource, outcome=LegOutcome.UNKNOWN, reason=gap.reason) for gap in gaps),
    ]


def _missing(entry: LedgerEntry) -> str:
    if entry.status in {ChangeStatus.PLANNED, ChangeStatus.ATTEMPTED}:
        return "what was planned could not be done: the timeline says why"
    return "it is not as the plan left it"


def is_quiet(sessions: Iterable[SessionFacts], *, since: datetime) -> bool:
    """Say whether none of the thing's own sessions is there, nor possibly there, nor was there after `since`."""
    own = [session for session in sessions if session.foreign is None]
    return all(session.connected is False and not was_back(session, since) for session in own)


def was_back(session: SessionFacts, since: datetime) -> bool:
    """Say whether a session that is gone was there after `since`: it came and left while nobody looked.

    AUTH_ERROR is no sign of it: the broker writes that of a client that it did not let in, too (AWS IoT, lifecycle
    events: "if the device has an active connection before receiving this error").
    """
    if session.connected or session.left_at is None or session.reason == _NOT_LET_IN:
        return False
    return session.left_at > since + _CLOCKS_DIFFER


def is_last(progress: Progress, *, quiet: bool) -> bool:
    """Say whether this look is the last: the quiet was long enough, or it has taken too long."""
    return _is_long(progress, quiet=quiet) or progress.waited_seconds >= GIVE_UP_SECONDS


def verdict(progress: Progress, legs: Iterable[Leg], *, quiet: bool) -> Verdict:
    """Return what this look means: proven or partial after a quiet long enough, partial when it never gets quiet."""
    if not is_last(progress, quiet=quiet):
        return Verdict.LOOK_AGAIN
    proven = _is_long(progress, quiet=quiet) and all(leg.proven for leg in legs)
    return Verdict.PROVEN if proven else Verdict.PARTIAL


def next_wait(progress: Progress, *, quiet: bool) -> int:
    """Return the seconds until the next look."""
    if progress.look == 0 or not quiet:
        return _FIRST_LOOK_AFTER
    return max(1, min(_LOOK_EVERY, QUIET_SECONDS - progress.quiet_seconds))


def _is_long(progress: Progress, *, quiet: bool) -> bool:
    return quiet and progress.quiet_seconds >= QUIET_SECONDS


def _session_leg(session: SessionFacts, since: datetime) -> Leg:
    resource = f"connection/{session.client_id}"
    if session.foreign is not None:
        return Leg(resource=resource, outcome=LegOutcome.UNKNOWN, reason=f"left alone: {session.foreign}")
    if session.connected:
        return Leg(resource=resource, outcome=LegOutcome.CONNECTED, reason="it is connected")
    if session.connected is None:
        return Leg(resource=resource, outcome=LegOutcome.UNKNOWN, reason="AWS does not say whether it is connected")
    if was_back(session, since):
        return Leg(resource=resource, outcome=LegOutcome.CONNECTED, reason=f"it was back until {session.left_at}")
    if session.reason in _TURNED_AWAY:
        return Leg(resource=resource, outcome=LegOutcome.REFUSED, reason=f"turned away: {session.reason}")
    return Leg(resource=resource, outcome=LegOutcome.ABSENT, reason="no session at any look since it was dropped")
