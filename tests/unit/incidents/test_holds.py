from __future__ import annotations

from typing import Any

import pytest
from cordon.errors import LockHeld
from cordon.incidents import rows
from cordon.incidents.holds import Holds, begin_to_put_back, end, hand_over, stop_putting_back, take
from cordon.incidents.table import ConditionFailed, Write, key, put
from cordon.model.change import Change

from ..conftest import Bed

CERTIFICATE = "certificate/a"
STATUS = Change(action="certificate_status", resource=CERTIFICATE, before="ACTIVE", after="INACTIVE")
POLICY = Change(action="policy_attachment", resource="certificate/a/policy/p", before=True, after=False)
OTHER = Change(action="policy_attachment", resource="certificate/ab/policy/p", before=True, after=False)


def held(bed: Bed, *incidents: str, change: Change = STATUS, origin: Any = "ACTIVE") -> None:
    """Let these incidents hold a resource, one after another."""
    for incident in incidents:
        bed.table.write(take(change, incident, origin=origin))


def test_what_was_there_before_the_first_is_the_origin_whoever_comes_later(bed: Bed) -> None:
    """The second finds the first one's work, and must not take that for what was there."""
    held(bed, "inc-1")
    held(bed, "inc-2", "inc-2", origin="INACTIVE")
    hold = Holds(bed.table).get(CERTIFICATE)
    assert hold is not None
    assert (hold.holders, hold.before, hold.after) == (["inc-1", "inc-2"], "ACTIVE", "INACTIVE")


def test_an_origin_of_nothing_is_an_origin(bed: Bed) -> None:
    """A policy that was not there is put back to not being there, not to what the second incident found."""
    made = Change(action="iot_policy", resource="policy/p", before=None, after={"Statement": []})
    held(bed, "inc-1", change=made, origin=None)
    held(bed, "inc-2", change=made, origin={"Statement": []})
    hold = Holds(bed.table).get("policy/p")
    assert hold is not None
    assert (hold.before, hold.after) == (None, {"Statement": []})


def test_others_holds_on_a_root_are_those_of_everything_below_it(bed: Bed) -> None:
    """And of no other root whose name begins alike, nor those that this incident has alone."""
    held(bed, "inc-1")
    held(bed, "inc-1", "inc-2", change=POLICY, origin=True)
    held(bed, "inc-1", change=OTHER, origin=True)
    holds = Holds(bed.table)
    assert [hold.resource for hold in holds.of_others(CERTIFICATE, "inc-2")] == [CERTIFICATE, POLICY.resource]
    assert [hold.resource for hold in holds.of_others(CERTIFICATE, "inc-1")] == [POLICY.resource]
    assert holds.of_others("thing/pump-01", "inc-1") == []


def test_a_hold_of_old_without_an_origin_says_nothing(bed: Bed) -> None:
    """A deploy finds such rows: they are neither read as a hold nor in the way of one."""
    bed.table.write(put({**key(rows.of_hold(CERTIFICATE), rows.of_incident("inc-0")), "incident_id": "inc-0"}))
    assert Holds(bed.table).of_others(CERTIFICATE, "inc-1") == []
    assert Holds(bed.table).get(CERTIFICATE) is None
    held(bed, "inc-1")
    assert [hold.holders for hold in Holds(bed.table).of_others(CERTIFICATE, "inc-2")] == [["inc-1"]]


@pytest.mark.parametrize(
    ("holders", "write", "is_taken"),
    [
        (["inc-1"], hand_over(CERTIFICATE, "inc-1"), False),
        (["inc-1", "inc-2"], hand_over(CERTIFICATE, "inc-1"), True),
        (["inc-2", "inc-3"], hand_over(CERTIFICATE, "inc-1"), False),
        (["inc-1"], begin_to_put_back(CERTIFICATE, "inc-1"), True),
        (["inc-1", "inc-2"], begin_to_put_back(CERTIFICATE, "inc-1"), False),
        (["inc-2"], begin_to_put_back(CERTIFICATE, "inc-1"), False),
        (["inc-1"], end(CERTIFICATE, "inc-1"), True),
        (["inc-1", "inc-2"], end(CERTIFICATE, "inc-1"), False),
        (["inc-2"], end(CERTIFICATE, "inc-1"), False),
    ],
)
def test_only_the_last_holder_puts_back_and_only_one_of_several_hands_over(
    bed: Bed, holders: list[str], write: Write, is_taken: bool
) -> None:
    """The table decides, at the moment of the write: what was read before may be old."""
    held(bed, *holders)
    before = bed.everything()
    if is_taken:
        bed.table.write(write)
        assert bed.everything() != before
    else:
        with pytest.raises(ConditionFailed):
            bed.table.write(write)
        assert bed.everything() == before


def test_nobody_else_takes_hold_of_what_is_being_put_back(bed: Bed) -> None:
    """The step is tried again, and by then the resource is back or stays; whoever puts it back still has it."""
    ledger = bed.planned(STATUS)
    held(bed, "inc-1")
    bed.table.write(begin_to_put_back(CERTIFICATE, "inc-1"))
    before = bed.everything()
    for step in (ledger.attempt, ledger.found):
        with pytest.raises(LockHeld):
            step(ledger.entries()[0])
    assert bed.everything() == before
    held(bed, "inc-1")
    bed.table.write(stop_putting_back(CERTIFICATE))
    ledger.attempt(ledger.entries()[0])
    assert ledger.entries()[0].status == "attempted"
