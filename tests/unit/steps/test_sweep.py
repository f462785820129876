from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from cordon.errors import LockHeld, RecordUnreadable, Throttled
from cordon.incidents import rows
from cordon.incidents.approvals import Approvals
from cordon.incidents.bus import Bus
from cordon.incidents.record import Incidents, stamp
from cordon.incidents.table import Row, Table
from cordon.model.incident import IncidentStatus
from cordon.response.deciding import Waking
from cordon.response.escalation import Escalation
from cordon.steps.sweep import Sweep
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.pager import Pager
from cordon.tickets.tickets import Tickets

from ..conftest import TABLE, Bed
from ..denials import Denials

LATER = "2030-01-01"
KINDS = (rows.INCIDENT_DUE, rows.TICKET_DUE, rows.APPROVAL_DUE)


class Topic:
    """An SNS client that keeps what is published."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    def publish(self, **message: Any) -> None:
        """Keep the subject."""
        self.subjects.append(message["Subject"])


class DeadOpsCenter:
    """An SSM client that refuses every ticket."""

    def __init__(self, real: Any) -> None:
        self.exceptions, self.tries = real.exceptions, 0

    def create_ops_item(self, **_: Any) -> None:
        """Refuse."""
        self.tries += 1
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": "no"}}, "CreateOpsItem")


class Sessions:
    """What denies sessions, without any to deny; with an error where one is given."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def catch_up(self) -> int:
        """Find nothing to do, or fail."""
        if self._error:
            raise self._error
        return 0


def two_minutes() -> timedelta:
    """All the time that the sweep has."""
    return timedelta(minutes=2)


def sweep(bed: Bed, topic: Any, ssm: Any = None, sts: Any = None, left: Callable[[], timedelta] = two_minutes) -> Sweep:
    """Return the sweep over the bed's record; with another OpsCenter, or sessions to deny, where they are given."""
    tickets = Tickets(bed.table, OpsCenter(ssm or bed.client("ssm")))
    escalation = Escalation(bed.incidents, Bus(bed.client("events"), "cordon"), tickets, bed.actions)
    nobody: Any = Sessions()
    waking = Waking(Approvals(bed.incidents), bed.client("stepfunctions"))
    return Sweep(escalation, Pager(topic, "arn:topic"), sts or nobody, waking, left)


@pytest.mark.parametrize(("minutes", "pages"), [(4, 0), (5, 1), (64, 1), (65, 2)])
def test_an_incident_that_stands_still_is_paged_for_once_an_hour(bed: Bed, minutes: int, pages: int) -> None:
    """Five minutes after it was opened and nobody claimed it, and every hour from then on."""
    topic = Topic()
    bed.opened()
    for _ in range(minutes):
        bed.clock.advance(minutes=1)
        sweep(bed, topic).run()
    assert topic.subjects == ["Cordon: pump-01 stands still"] * pages


class LaggingTable(Table):
    """A table whose index says what it said when this was made."""

    def __init__(self, bed: Bed) -> None:
        super().__init__(bed.client("dynamodb"), TABLE)
        self._said = {kind: list(super(LaggingTable, self).due(kind, LATER)) for kind in KINDS}

    def due(self, kind: str, until: str) -> Iterator[Row]:
        """Yield what was due by then."""
        yield from (row for row in self._said[kind] if row["due_at"] <= until)


def lagging_sweep(bed: Bed, topic: Any) -> Sweep:
    """Return a sweep that looks into an index which shows what is there now, whatever happens."""
    table = LaggingTable(bed)
    tickets = Tickets(table, OpsCenter(bed.client("ssm")))
    escalation = Escalation(Incidents(table), Bus(bed.client("events"), "cordon"), tickets, bed.actions)
    nobody: Any = Sessions()
    waking = Waking(Approvals(Incidents(table)), bed.client("stepfunctions"))
    return Sweep(escalation, Pager(topic, "arn:topic"), nobody, waking, two_minutes)


@pytest.mark.parametrize("minutes", [6, 66])
def test_an_incident_whose_date_moved_meanwhile_is_left_alone(bed: Bed, minutes: int) -> None:
    """The index lags behind: its status is the same, but it was paged for or questioned a moment ago."""
    topic = Topic()
    incident = bed.opened()
    late = lagging_sweep(bed, topic)
    bed.clock.advance(minutes=minutes)
    bed.incidents.postpone(incident, bed.clock.now() + timedelta(minutes=1))
    late.run()
    assert topic.subjects == []
    bed.clock.advance(minutes=1)
    late.run()
    assert topic.subjects == ["Cordon: pump-01 stands still"]


@pytest.mark.parametrize(("minutes", "pages"), [(1, 0), (99, 0), (100, 1)])
def test_a_claimed_incident_has_its_time_from_the_claim(bed: Bed, minutes: int, pages: int) -> None:
    """ClaimIncident cannot move the date of the opening, which may pass before the assessment moves it."""
    topic = Topic()
    incident = bed.claim(bed.opened().id)
    bed.clock.advance(minutes=10)
    bed.set_head(incident.id, claimed_at=stamp(bed.clock.now()))
    bed.clock.advance(minutes=minutes)
    sweep(bed, topic).run()
    assert topic.subjects == ["Cordon: pump-01 stands still"] * pages


@pytest.mark.parametrize("status", ["contained", "escalated"])
def test_an_incident_that_came_to_rest_meanwhile_is_left_alone(bed: Bed, status: str) -> None:
    """It is out of the index, whatever the index says."""
    topic = Topic()
    incident = bed.claim(bed.opened().id)
    late = lagging_sweep(bed, topic)
    bed.incidents.move(incident, IncidentStatus(status), "me")
    bed.clock.advance(minutes=200)
    late.run()
    assert topic.subjects == []


def test_a_ticket_that_was_written_meanwhile_is_not_written_again(bed: Bed) -> None:
    """The index lags behind here, too."""
    incident = bed.opened()
    plain = sweep(bed, Topic())
    wanted = plain.escalation.tickets.want(incident.id)
    late = lagging_sweep(bed, Topic())
    plain.escalation.write_ticket(incident, wanted)
    bed.clock.advance(minutes=6)
    before = plain.escalation.tickets.find(incident.id)
    late.run()
    assert plain.escalation.tickets.find(incident.id) == before


def test_one_failure_keeps_nobody_from_a_turn_and_is_raised(bed: Bed) -> None:
    """The unreadable row comes first in time; the other incident is paged for, and the sweep is not green."""
    topic = Topic()
    broken = bed.opened(id="a1")
    bed.clock.advance(seconds=1)
    bed.opened(id="a2", thing_name="pump-02")
    bed.set_head(broken.id, severity="nonsense")
    bed.clock.advance(minutes=6)
    with pytest.raises(RecordUnreadable, match="severity"):
        sweep(bed, topic).run()
    assert topic.subjects == ["Cordon: pump-02 stands still"]


def test_a_ticket_that_waits_is_tried_again_until_it_is_written(bed: Bed) -> None:
    """Every five minutes while OpsCenter is down; people are told once, after an hour; then it is written."""
    topic, ssm = Topic(), DeadOpsCenter(bed.client("ssm"))
    incident = bed.opened()
    bed.set_head(incident.id, status="contained", due_kind="none")
    down = sweep(bed, topic, ssm)
    down.escalation.tickets.want(incident.id)
    for _ in range(60):
        bed.clock.advance(minutes=1)
        down.run()
    assert (ssm.tries, topic.subjects) == (12, [])
    bed.clock.advance(minutes=5)
    down.run()
    bed.clock.advance(minutes=5)
    down.run()
    assert topic.subjects == ["Cordon: a ticket cannot be written"]
    bed.clock.advance(minutes=5)
    assert sweep(bed, topic).run().tickets == 1
    assert "ticket_id" in (down.escalation.tickets.find(incident.id) or {})
    bed.clock.advance(minutes=5)
    assert sweep(bed, topic).run().tickets == 0


def test_sessions_that_were_held_long_enough_are_let_go(bed: Bed, denials: Denials) -> None:
    """Twelve hours after the hold; the sweeps before leave it."""
    denials.deny(1)
    swept = []
    for _ in range(3):
        bed.clock.advance(hours=6)
        swept.append(sweep(bed, Topic(), sts=denials.action).run().holds_ended)
    assert swept == [0, 1, 0]
    assert denials.policy.denied() == []


@pytest.mark.parametrize(
    "error",
    [
        Throttled("IAM"),
        ClientError({"Error": {"Code": "NoSuchEntity", "Message": "no"}}, "GetPolicy"),
        ConnectTimeoutError(endpoint_url="iam"),
    ],
)
def test_sessions_that_cannot_be_denied_keep_nobody_from_a_turn(bed: Bed, error: Exception) -> None:
    """IAM is down: who stands still is paged for, and the sweep is not green."""
    topic = Topic()
    bed.opened()
    bed.clock.advance(minutes=6)
    with pytest.raises(type(error)):
        sweep(bed, topic, sts=Sessions(error)).run()
    assert topic.subjects == ["Cordon: pump-01 stands still"]


def test_a_failure_before_does_not_keep_sessions_from_their_turn(bed: Bed, denials: Denials) -> None:
    """A row that cannot be read, and a hold that has run out."""
    denials.deny(1)
    broken = bed.opened(id="a1")
    bed.set_head(broken.id, severity="nonsense")
    bed.clock.advance(hours=12)
    with pytest.raises(RecordUnreadable, match="severity"):
        sweep(bed, Topic(), sts=denials.action).run()
    assert denials.policy.denied() == []


def test_a_policy_that_somebody_else_is_writing_is_no_failure(bed: Bed) -> None:
    """He writes it by the same holds."""
    assert sweep(bed, Topic(), sts=Sessions(LockHeld("mine"))).run().holds_ended == 0


class HangingOpsCenter(DeadOpsCenter):
    """An SSM client that never answers: each call is given up after twelve seconds."""

    def __init__(self, bed: Bed) -> None:
        super().__init__(bed.client("ssm"))
        self._clock = bed.clock

    def create_ops_item(self, **_: Any) -> None:
        """Say nothing."""
        self.tries += 1
        self._clock.advance(seconds=12)
        raise ReadTimeoutError(endpoint_url="ssm")


def of_this_sweep(bed: Bed) -> Callable[[], timedelta]:
    """Return what says how much is left of the two minutes that begin now."""
    end = bed.clock.now() + timedelta(minutes=2)
    return lambda: end - bed.clock.now()


def test_a_ticket_system_that_hangs_keeps_nobody_from_a_turn(bed: Bed, denials: Denials) -> None:
    """Sessions have their turn first, and tickets end in time: those that are left are the next sweep's."""
    denials.deny(1)
    bed.clock.advance(hours=12)
    ssm = HangingOpsCenter(bed)
    tickets = sweep(bed, Topic()).escalation.tickets
    waiting = [bed.opened(id=f"a{number}", thing_name=f"pump-{number:02}").id for number in range(20)]
    for incident_id in waiting:
        bed.set_head(incident_id, status="contained", due_kind="none")
        tickets.want(incident_id)
    bed.clock.advance(minutes=6)
    left = of_this_sweep(bed)
    swept = sweep(bed, Topic(), ssm, denials.action, left).run()
    assert denials.policy.denied() == []
    assert left() > timedelta(seconds=12), "it ended by itself"
    assert 0 < swept.tickets == ssm.tries < len(waiting)
    bed.clock.advance(minutes=6)
    assert sweep(bed, Topic()).run().tickets == len(waiting)


@pytest.mark.parametrize(("seconds", "pages"), [(61, 1), (60, 0), (20, 0)])
def test_pages_leave_time_for_sessions(bed: Bed, denials: Denials, seconds: int, pages: int) -> None:
    """With a minute left none more is sent, and who waits is the next sweep's; sessions are always looked at."""
    denials.deny(1)
    bed.clock.advance(hours=12)
    bed.opened()
    bed.clock.advance(minutes=6)
    topic = Topic()
    short = sweep(bed, topic, sts=denials.action, left=lambda: timedelta(seconds=seconds)).run()
    assert (len(topic.subjects), short.paged, denials.policy.denied()) == (pages, pages, [])
    assert sweep(bed, topic).run().paged == 1 - pages
