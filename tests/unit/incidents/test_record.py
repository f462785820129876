from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cordon.errors import IllegalTransition, IncidentNotFound, NotTheClaimant, RecordBusy, RecordUnreadable
from cordon.incidents import rows
from cordon.incidents.record import DUE_AFTER, stamp
from cordon.incidents.table import key, put
from cordon.model.incident import TRANSITIONS, Incident, IncidentStatus, Leg
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ..conftest import ME, OTHER, Bed, an_alarm

S = IncidentStatus
LATER = stamp(datetime(2027, 1, 1, tzinfo=UTC))


def at(bed: Bed, status: S) -> Incident:
    """Return an incident of that status."""
    incident = bed.opened()
    bed.set_head(incident.id, status=status)
    return bed.incidents.get(incident.id)


@pytest.mark.parametrize("status", list(S))
def test_an_incident_moves_only_as_the_table_of_transitions_says(bed: Bed, status: S) -> None:
    """What is allowed happens and is in the timeline; what is not leaves every row as it was."""
    for to in S:
        incident = at(bed, status)
        bed.clock.advance(seconds=1)  # past the opening, which is in the timeline too
        before = bed.everything()
        if to in TRANSITIONS[status]:
            assert bed.incidents.move(incident, to, ME).status is to
            (last,) = [r for r in bed.rows(rows.of_incident(incident.id), "TIMELINE#") if r["what"] == to][-1:]
            assert (last["actor"], last["facts"]) == (ME, {"from": status})
        else:
            with pytest.raises(IllegalTransition, match=f"is {status} and cannot become {to}"):
                bed.incidents.move(incident, to, ME)
            assert bed.everything() == before


def test_an_incident_that_somebody_moved_meanwhile_stays_where_it_is(bed: Bed) -> None:
    """Whoever read it before has no say any more."""
    incident = at(bed, S.RESPONDING)
    bed.incidents.move(incident, S.ESCALATED, OTHER)
    with pytest.raises(IllegalTransition, match="is no longer responding"):
        bed.incidents.move(incident, S.CONTAINED, ME)
    assert bed.incidents.get(incident.id).status is S.ESCALATED


@pytest.mark.parametrize(("status", "to"), [(S.OPENED, S.RESPONDING), (S.RESPONDING, S.CONTAINED)])
def test_the_sweep_asks_for_an_incident_only_while_it_should_move(bed: Bed, status: S, to: S) -> None:
    """Each status has its patience, and one in which an incident may rest has none."""
    incident = bed.incidents.move(at(bed, status), to, ME)
    due = [row["due_at"] for row in bed.table.due(rows.INCIDENT_DUE, LATER) if row["id"] == incident.id]
    assert due == ([stamp(bed.clock.now() + DUE_AFTER[to])] if to in DUE_AFTER else [])


@pytest.mark.parametrize(
    ("claimed_by", "status", "is_mine"),
    [(ME, "responding", True), (OTHER, "responding", False), (ME, "escalated", False), (ME, "contained", False)],
)
def test_an_incident_is_its_claimants_while_it_responds(bed: Bed, claimed_by: str, status: str, is_mine: bool) -> None:
    """Everybody else is refused, to read it for acting and to write to it."""
    incident = bed.opened()
    bed.set_head(incident.id, claimed_by=claimed_by, status=status)
    if is_mine:
        assert bed.incidents.claimed(incident.id, ME).id == incident.id
        bed.incidents.set_while_claimed(incident.id, ME, proven_at=None)
        return
    before = bed.everything()
    with pytest.raises(NotTheClaimant):
        bed.incidents.claimed(incident.id, ME)
    with pytest.raises(NotTheClaimant):
        bed.incidents.set_while_claimed(incident.id, ME, proven_at=LATER)
    assert bed.everything() == before


def test_a_contained_incident_is_questioned_once_until_somebody_looks(bed: Bed) -> None:
    """A storm of sightings starts one look; the sweep asks if nobody comes."""
    incident = at(bed, S.CONTAINED)
    assert [bed.incidents.question(incident) for _ in range(3)] == [True, False, False]
    assert bed.incidents.get(incident.id).questioned
    assert [row["id"] for row in bed.table.due(rows.INCIDENT_DUE, LATER)] == [incident.id]
    assert bed.incidents.take_question(incident.id)
    assert list(bed.table.due(rows.INCIDENT_DUE, LATER)) == []
    assert bed.incidents.question(incident)


@pytest.mark.parametrize("status", [one for one in S if one is not S.CONTAINED])
def test_only_a_contained_incident_is_questioned(bed: Bed, status: S) -> None:
    """Whoever has moved it looks after it."""
    incident = at(bed, status)
    assert not bed.incidents.question(incident)
    assert not bed.incidents.take_question(incident.id)


def test_what_is_not_there_is_named(bed: Bed) -> None:
    """An execution for an incident that nobody recorded is a person's to understand."""
    with pytest.raises(IncidentNotFound, match="no incident inc-20261102-0000000000"):
        bed.incidents.get("inc-20261102-0000000000")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [({"status": "lost"}, "status: "), ({"sightings": 0}, "sightings: "), ({"legs": [{}]}, "legs.0.resource: ")],
)
def test_a_row_that_we_did_not_write_names_itself_and_its_field(
    bed: Bed, fields: dict[str, object], complaint: str
) -> None:
    """It is never guessed at."""
    incident = bed.opened()
    bed.set_head(incident.id, **fields)
    with pytest.raises(RecordUnreadable, match=f"INCIDENT#{incident.id} INCIDENT: {complaint}"):
        bed.incidents.get(incident.id)


def test_what_a_later_version_wrote_is_left_alone(bed: Bed) -> None:
    """While a deploy rolls out both versions run: the older reads what it knows, and keeps the rest where it is."""
    incident = bed.opened()
    leg = {"resource": "connection/pump-01", "outcome": "absent", "reason": "gone", "surprise": 1}
    bed.set_head(incident.id, surprise="new", legs=[leg])
    assert bed.incidents.get(incident.id).legs[0].resource == "connection/pump-01"
    bed.incidents.move(bed.incidents.get(incident.id), S.RESPONDING, ME)
    row = bed.table.get(rows.of_incident(incident.id), rows.HEAD) or {}
    assert (row["surprise"], row["legs"]) == ("new", [leg])


def test_a_word_with_a_field_too_many_is_never_written() -> None:
    """What we make is held to the letter."""
    with pytest.raises(ValidationError, match="surprise"):
        Leg.model_validate({"resource": "x", "outcome": "absent", "reason": "gone", "surprise": 1})


def test_an_alarm_of_many_in_one_message_is_read_by_its_whole_id(bed: Bed) -> None:
    """`a/1` is the beginning of `a/10`, which says something else."""
    incident = bed.opened(id="a/1")
    bed.admission.admit(an_alarm(id="a/10", disputed=True))
    found = bed.incidents.sighting(incident.id, incident.opened_by)
    assert found
    assert (found.id, found.disputed) == ("a/1", False)
    assert [alarm.id for alarm, _ in bed.incidents.sightings(incident.id)] == ["a/1", "a/10"]
    assert bed.incidents.sighting(incident.id, "a") is None


@given(st.lists(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)), min_size=2, max_size=5))  # noqa: DTZ001 - made aware below
def test_the_order_of_stamps_is_the_order_of_time(moments: list[datetime]) -> None:
    """Sort keys and the index of the sweep stand on it; a whole second has its microseconds too."""
    for earlier, later in pairwise(sorted(moment.replace(tzinfo=UTC) for moment in moments)):
        assert (stamp(earlier) < stamp(later)) == (earlier < later)
        assert datetime.fromisoformat(stamp(earlier)) == earlier


def test_two_entries_of_one_moment_are_both_in_the_timeline(bed: Bed) -> None:
    """The clock may stand still; nothing is overwritten."""
    incident = bed.opened()
    for _ in range(3):
        bed.incidents.note(incident.id, "looked", ME)
    assert len(bed.rows(rows.of_incident(incident.id), "TIMELINE#")) == 4


def test_a_standing_incident_is_postponed_only_while_it_stands(bed: Bed) -> None:
    """One that moved meanwhile is not put back into the sweep's index."""
    incident = bed.opened()
    bed.incidents.postpone(incident, bed.clock.now() + timedelta(hours=1))
    assert list(bed.table.due(rows.INCIDENT_DUE, stamp(bed.clock.now() + timedelta(minutes=59)))) == []
    bed.incidents.move(incident, S.RESPONDING, ME)
    due = [row["due_at"] for row in bed.table.due(rows.INCIDENT_DUE, LATER)]
    bed.incidents.postpone(incident, bed.clock.now())
    assert [row["due_at"] for row in bed.table.due(rows.INCIDENT_DUE, LATER)] == due
    bed.incidents.move(bed.incidents.get(incident.id), S.ESCALATED, ME)
    bed.incidents.postpone(bed.incidents.get(incident.id), bed.clock.now())
    assert list(bed.table.due(rows.INCIDENT_DUE, LATER)) == []


@pytest.mark.parametrize(("status", "to"), [(S.AWAITING_APPROVAL, S.STOOD_DOWN), (S.STOOD_DOWN, S.CLOSED)])
def test_an_incident_that_ends_frees_its_key(bed: Bed, status: S, to: S) -> None:
    """The next alarm of its thing opens a new incident, and the key of that one is its own."""
    first = at(bed, status)
    bed.incidents.move(first, to, ME)
    assert bed.open_id() is None
    second = bed.opened(id="another", finding_id="another")
    assert (second.id != first.id, bed.open_id()) == (True, second.id)
    if to is S.STOOD_DOWN:
        bed.incidents.move(bed.incidents.get(first.id), S.CLOSED, ME)
        assert bed.open_id() == second.id


def test_an_incident_that_goes_on_keeps_its_key(bed: Bed) -> None:
    """Any other status: a later alarm joins it."""
    incident = bed.incidents.move(at(bed, S.RESPONDING), S.CONTAINED, ME)
    assert bed.open_id() == incident.id


def test_what_is_written_with_a_move_is_written_with_it_or_not_at_all(bed: Bed) -> None:
    """Where another write's condition does not hold, nothing moves, and the caller may try again."""
    incident = at(bed, S.RESPONDING)
    other = put({**key("X", "X"), "n": 1})
    bed.incidents.move(incident, S.AWAITING_APPROVAL, ME, also=[other], due_at=bed.clock.now())
    before = bed.everything()
    with pytest.raises(RecordBusy):
        bed.incidents.move(bed.incidents.get(incident.id), S.RESPONDING, ME, also=[other])
    assert bed.everything() == before


def test_an_incident_that_is_resumed_has_its_patience_from_then_on(bed: Bed) -> None:
    """The hours for which it waited for people count for nothing: the sweep asks 100 minutes after they answered."""
    incident = bed.claim(bed.opened().id)
    bed.set_head(incident.id, claimed_at=stamp(bed.clock.now()))
    bed.incidents.move(bed.incidents.get(incident.id), S.AWAITING_APPROVAL, ME, due_at=bed.clock.now())
    bed.clock.advance(hours=20)
    bed.incidents.move(bed.incidents.get(incident.id), S.RESPONDING, ME)
    (row,) = bed.table.due(rows.INCIDENT_DUE, LATER)
    assert bed.incidents.still_due(row) is None
    bed.clock.advance(minutes=99)
    assert bed.incidents.still_due(row) is None
    bed.clock.advance(minutes=2)
    assert bed.incidents.still_due(row) is not None
