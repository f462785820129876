"""One response from its start to its end, as the person who asked for it."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass

from cordon.errors import AlreadyDecided, Expired, NotPending, WrongPlan
from cordon.model.incident import IncidentStatus

from oncall.desk_answers import IncidentSeen, Outlook, ShownPlan, Started, read
from oncall.desk_client import DeskClient
from oncall.errors import DeskRefused, DeskUnreached
from oncall.following import follow, pause
from oncall.incident_path import path_of
from oncall.incident_view import GOING_ON, request_lines
from oncall.terminal import agreed, say

_OWN_ID = re.compile(r"inc-\d{8}-[0-9a-f]{10}")
_TRIES = 3
_BETWEEN_TRIES = 1.0
"""Seconds."""
_MOST_ANSWERS = 10
"""Requests of one incident that are answered here; the playbook gives up long before."""


@dataclass(frozen=True)
class Responding:
    """A response to what `outlook` showed. `yes`: its plan was agreed to beforehand; `quiet`: nothing is printed."""

    client: DeskClient
    outlook: Outlook
    yes: bool
    quiet: bool
    seconds: float

    def start(self, reason: str) -> Started:
        """Start it. Asked again after trouble, the desk knows the request by its id: nothing is started twice."""
        body = {
            "playbook": self.outlook.playbook,
            "thing_name": self.outlook.thing_name,
            "reason": reason,
            "request_id": uuid.uuid4().hex,
        }
        for _ in range(_TRIES - 1):
            with contextlib.suppress(DeskUnreached):
                return read(Started, self.client.ask("POST", "/respond", body))
            pause(_BETWEEN_TRIES)
        return read(Started, self.client.ask("POST", "/respond", body))

    def watch(self, incident_id: str) -> IncidentSeen:
        """Answer what it asks; return it once it rests, waits for somebody else, or was watched long enough."""
        given: set[str] = set()
        for _ in range(_MOST_ANSWERS):
            seen = follow(self.client, incident_id, seconds=self.seconds, until=_has_news)
            if not seen.asks or _hash(seen) in given or not self._agreed(seen):
                return seen
            if not self._approved(seen, given):
                return seen
        return seen

    def _agreed(self, seen: IncidentSeen) -> bool:
        """Say whether the person stands behind the plan that waits: the one that was shown, or this one, shown now."""
        if seen.plan and same(seen.plan, self.outlook.plan):
            return True
        self._say(["The plan is not the one that was shown:", *request_lines(seen)])
        return not self.yes and agreed("Approve this plan?", yes=False)

    def _approved(self, seen: IncidentSeen, given: set[str]) -> bool:
        """Approve the plan, and note that in `given`; False where the desk says that it takes somebody else."""
        try:
            self.client.ask("POST", path_of(seen.id, "approve"), {"plan_hash": _hash(seen)})
        except DeskRefused as refused:
            self._say([str(refused)])
            return refused.code in _PASSED_BY
        except DeskUnreached as error:
            self._say([str(error)])
            pause(_BETWEEN_TRIES)
            return True  # whether it counts is seen at the next look, and the same word twice is one
        given.add(_hash(seen))
        self._say([f"You approved the plan {_hash(seen)}."])
        return True

    def _say(self, lines: list[str]) -> None:
        if not self.quiet:
            say(lines)


_PASSED_BY = frozenset(error.__name__ for error in (WrongPlan, AlreadyDecided, Expired, NotPending))
"""Refusals after which the incident is looked at again: it has moved on meanwhile."""


def same(one: ShownPlan, other: ShownPlan) -> bool:
    """Say whether two plans make the same changes, but for the incident's id in names: a dry run has none yet."""
    return _changes(one) == _changes(other)


def _changes(plan: ShownPlan) -> list[str]:
    return [_OWN_ID.sub("inc", change.model_dump_json()) for change in plan.changes]


def _has_news(seen: IncidentSeen) -> bool:
    """Say whether it is at rest, or waits for a decision; decided just now or to be assessed again, it goes on."""
    is_decided = seen.status is IncidentStatus.AWAITING_APPROVAL and not seen.asks
    return seen.status not in GOING_ON and not is_decided and not seen.reassess


def _hash(seen: IncidentSeen) -> str:
    return seen.approval.plan_hash if seen.approval else ""
