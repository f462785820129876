"""The rows that the policy is written from, whoever wrote them, and the lock under which it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.actions.sts_policy import deny_document
from cordon.errors import LockHeld
from cordon.incidents import rows
from cordon.incidents.sts_holds import StsHolds
from cordon.incidents.table import key, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..conftest import TABLE
from ..denials import Denials, denial, incident, numbered

HOURS = 3600


def test_a_lock_is_anothers_after_its_lease_and_nobody_frees_it_for_him(denials: Denials) -> None:
    """Sixty seconds, in which a function has ended; whoever is late frees nothing."""
    holds = StsHolds(denials.bed.table)
    with holds.lock("mine"):
        with pytest.raises(LockHeld), holds.lock("another's"):
            pass
        with holds.lock("mine"):
            pass
    with holds.lock("mine"):
        denials.bed.clock.advance(seconds=61)
        with holds.lock("another's"):
            pass
        denials.bed.table.write(put({**key(rows.STS, rows.LOCK), "held_by": "another's"}, condition=None))
    assert denials.is_locked


def run(denials: Denials, words: list[str]) -> None:
    """Run a command of the AWS CLI."""
    _, service, operation, *options = words
    given = dict(zip(options[::2], options[1::2], strict=True))
    arguments = {name.removeprefix("--").title().replace("-", ""): value for name, value in given.items()}
    parsed = {name: json.loads(value) if value.startswith("{") else value for name, value in arguments.items()}
    getattr(denials.bed.client(service), operation.replace("-", "_"))(**parsed)


def test_the_commands_for_a_person_deny_and_let_go_through_the_sweep(denials: Denials) -> None:
    """However old the ticket is: the twelve hours begin when the sweep sees the hold, and no other id is touched."""
    denials.deny(7)
    change = denial(numbered(1), incident(1))
    words = denials.action.by_hand(change)
    assert words[:5] == ["aws", "dynamodb", "put-item", "--table-name", TABLE]
    denials.bed.clock.advance(days=3)
    denials.deny(8)
    run(denials, words)
    denials.action.catch_up()
    assert denials.document == deny_document([numbered(1), numbered(8)])
    denials.bed.clock.advance(seconds=12 * HOURS - 1)
    denials.action.catch_up()
    assert denials.action.read(change.resource) is True
    assert numbered(1) in denials.policy.denied()
    run(denials, denials.action.by_hand(change.inverse()))
    denials.action.catch_up()
    assert denials.document == deny_document([numbered(8)])


def test_a_certificate_is_held_until_the_last_hold_on_it_runs_out(denials: Denials) -> None:
    """Whoever holds it; a hold that is let go counts no more, and one that was just put in by hand does."""
    holds = StsHolds(denials.bed.table)
    assert not holds.is_held(numbered(1))
    first = denials.deny(1, by=1)
    denials.bed.clock.advance(hours=6)
    denials.deny(1, by=2)
    denials.action.apply(first.inverse())
    denials.bed.clock.advance(hours=6)
    assert [holds.is_held(numbered(n)) for n in (1, 2)] == [True, False]
    denials.bed.clock.advance(hours=6)
    assert not holds.is_held(numbered(1))
    run(denials, denials.action.by_hand(first))
    assert holds.is_held(numbered(1))


@pytest.mark.parametrize("moment", [None, "", "soon", 12, "2026-11-02T12:00:00", {"at": "noon"}])
def test_a_hold_whose_end_cannot_be_read_begins_when_it_is_seen(denials: Denials, moment: Any) -> None:
    """A person's slip in one row keeps no other certificate from being denied, and ends too."""
    row = {**key(rows.STS, rows.sts_hold(numbered(1), "by-hand")), "certificate_id": numbered(1)}
    denials.bed.table.write(put({**row, "incident_id": "by-hand", "expires_at": moment}, condition=None))
    denials.deny(2)
    assert denials.document == deny_document([numbered(1), numbered(2)])
    denials.action.catch_up()
    denials.bed.clock.advance(hours=12)
    assert denials.action.catch_up() == 2
    assert denials.document == deny_document([])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=70).filter(lambda text: text.isprintable()) | st.sampled_from(["*", "F" * 64, "0" * 63]))
def test_only_certificate_ids_enter_the_document(denials: Denials, text: str) -> None:
    """Whatever stands in a row that somebody else wrote."""
    row = {**key(rows.STS, rows.sts_hold(text, incident(1))), "certificate_id": text, "incident_id": incident(1)}
    denials.bed.table.write(put({**row, "held_at": "", "expires_at": "2999-01-01T00:00:00.000000Z"}, condition=None))
    denials.deny(1)
    assert denials.document == deny_document([numbered(1)])
    assert deny_document([text, numbered(1)]) == deny_document([numbered(1)])
