"""Every few minutes: page for what stands still, wake decided answers, write late tickets, deny sessions still held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from cordon import clients, clock
from cordon.actions.sts_deny import StsDeny
from cordon.errors import CordonError, LockHeld
from cordon.incidents import rows
from cordon.incidents.approvals import Approvals
from cordon.incidents.record import stamp
from cordon.incidents.table import Row
from cordon.observability import logger
from cordon.response.deciding import Waking
from cordon.response.escalation import Escalation
from cordon.steps.step import StepResult, actions, bus, incidents, pager, step, sts_deny, tickets
from cordon.tickets.pager import Pager

_PAGE_AGAIN_AFTER = timedelta(hours=1)
_KEPT_AFTER_DECIDED, _KEPT_AFTER_STANDING, _KEPT_AFTER_TICKETS = (timedelta(seconds=s) for s in (90, 60, 25))
"""What each part leaves of the function's time (template.yaml) for those after it. A call that is never answered fails
after 12 s (clients.py), so that no part can keep the next from its turn, however much of it hangs."""
_TICKET_PATIENCE = timedelta(hours=1)
"""How long a ticket may wait to be written before people are told that it cannot be."""


class SweepResult(StepResult):
    """How many standing incidents were paged for, tickets tried, decisions woken, and holds on sessions found ended."""

    paged: int
    tickets: int
    woken: int
    holds_ended: int


@dataclass(frozen=True)
class Sweep:
    """Everything that the sweep looks at and whom it tells."""

    escalation: Escalation
    pager: Pager
    sts: StsDeny
    waking: Waking
    time_left: Callable[[], timedelta]
    """How much of the function's time is left."""

    def run(self) -> SweepResult:
        """Look at what is due, as time allows. What fails or hangs for one does not keep the next from its turn.

        Raises:
            Exception: the first failure, after all had their turn: a sweep that failed must not look green.
        """
        now = clock.now()
        table = self.escalation.incidents.table
        standing = list(table.due(rows.INCIDENT_DUE, stamp(now)))
        waiting = list(table.due(rows.TICKET_DUE, stamp(now)))
        decided = list(table.due(rows.APPROVAL_DUE, stamp(now)))
        woken = [*map(self._try_decided, self._in_time(decided, _KEPT_AFTER_DECIDED))]
        paged = [*map(self._try_standing, self._in_time(standing, _KEPT_AFTER_STANDING))]
        ended, failure = self._try_sessions()
        written = [*map(self._try_ticket, self._in_time(waiting, _KEPT_AFTER_TICKETS))]
        for failed in filter(None, [*woken, *paged, failure, *written]):
            raise failed
        return SweepResult(paged=len(paged), tickets=len(written), woken=len(woken), holds_ended=ended)

    def _in_time(self, due: list[Row], kept: timedelta) -> Iterator[Row]:
        """Yield what is due while more time is left than is `kept` for what follows; the next sweep has the rest."""
        for number, row in enumerate(due):
            if self.time_left() <= kept:
                logger().warning("left to the next sweep", extra={"rows": len(due) - number, "first": row["pk"]})
                return
            yield row

    def _try_standing(self, row: Row) -> Exception | None:
        try:
            # Read again: nobody should be woken for what has moved on, or has its time yet.
            incident = self.escalation.incidents.still_due(row)
            if incident is None:
                return None
            text = f"Incident {incident.id} of thing {incident.subject} has been {incident.status} since "
            self.pager.page(
                f"Cordon: {incident.subject} stands still", f"{text}{incident.updated_at:%Y-%m-%d %H:%M} UTC."
            )
            self.escalation.incidents.paged(incident.id)
            self.escalation.incidents.postpone(incident, clock.now() + _PAGE_AGAIN_AFTER)
        except (CordonError, ClientError, BotoCoreError) as error:
            logger().exception("standing incident", extra={"row": row["pk"]})
            return error
        return None

    def _try_decided(self, row: Row) -> Exception | None:
        try:
            self.waking.wake(str(row["incident_id"]))
        except (CordonError, ClientError, BotoCoreError) as error:
            logger().exception("decided request", extra={"row": row["pk"]})
            return error
        return None

    def _try_ticket(self, row: Row) -> Exception | None:
        incident_id = str(row["incident_id"])
        try:
            if not self.escalation.tickets.is_due(incident_id):
                return None
            incident = self.escalation.incidents.get(incident_id)
            wanted = self.escalation.tickets.want(incident_id)
            self.escalation.write_ticket(incident, wanted)
            self._tell_of_ticket(incident_id)
        except (CordonError, ClientError, BotoCoreError) as error:
            logger().exception("waiting ticket", extra={"incident_id": incident_id})
            return error
        return None

    def _try_sessions(self) -> tuple[int, Exception | None]:
        """Let the policy that denies sessions catch up with its holds; return how many have ended, and what failed."""
        try:
            return self.sts.catch_up(), None
        except LockHeld:
            return 0, None  # whoever has the lock writes the policy
        except (CordonError, ClientError, BotoCoreError) as error:
            logger().exception("denied sessions")
            return 0, error

    def _tell_of_ticket(self, incident_id: str) -> None:
        row = self.escalation.tickets.find(incident_id) or {}
        wanted = row.get("wanted_at")
        if wanted is None or "paged_at" in row:
            return
        if clock.now() - datetime.fromisoformat(wanted) > _TICKET_PATIENCE:
            self.pager.page(
                "Cordon: a ticket cannot be written", f"The ticket of incident {incident_id} is not written."
            )
            self.escalation.tickets.paged(incident_id)


class ScheduledEvent(BaseModel):
    """The schedule's event: nothing in it matters."""


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Sweep, for as long as Lambda lets it."""

    def time_left() -> timedelta:
        return timedelta(milliseconds=context.get_remaining_time_in_millis())

    @step(ScheduledEvent)
    def sweep(_: ScheduledEvent) -> SweepResult:
        waking = Waking(Approvals(incidents()), clients.stepfunctions())
        escalation = Escalation(incidents(), bus(), tickets(), actions())
        return Sweep(escalation, pager(), sts_deny(), waking, time_left).run()

    return sweep(event, context)
