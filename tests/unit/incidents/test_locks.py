from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cordon.errors import LockHeld
from cordon.incidents import rows
from cordon.incidents.locks import free_lock, take_lock

from ..conftest import ME, OTHER, THING, Bed


def take(bed: Bed, execution: str, thing: str = THING) -> None:
    """Take the lock for an execution."""
    take_lock(bed.table, thing, incident_id="inc-20261102-0123456789", execution=execution)


def owners(bed: Bed) -> list[str]:
    """Return who has the lock."""
    return [row["execution"] for row in bed.rows(rows.of_lock(THING))]


def test_a_lock_is_its_owners_also_the_second_time(bed: Bed) -> None:
    """A step that is run again finds that its execution has the lock already."""
    take(bed, ME)
    take(bed, ME)
    assert owners(bed) == [ME]


def test_another_execution_does_not_get_it(bed: Bed) -> None:
    """However long ago it was taken: an execution that is slow is still changing the thing."""
    take(bed, ME)
    bed.clock.advance(days=30)
    with pytest.raises(LockHeld, match=f"another execution is changing {THING}"):
        take(bed, OTHER)
    assert owners(bed) == [ME]


def test_only_its_owner_frees_it(bed: Bed) -> None:
    """Another's freeing is no error and does nothing; the owner may free it twice."""
    take(bed, ME)
    free_lock(bed.table, THING, execution=OTHER)
    assert owners(bed) == [ME]
    free_lock(bed.table, THING, execution=ME)
    free_lock(bed.table, THING, execution=ME)
    assert owners(bed) == []
    take(bed, OTHER)
    assert owners(bed) == [OTHER]


def test_a_lock_is_of_one_thing(bed: Bed) -> None:
    """Two things can be changed at the same time."""
    take(bed, ME)
    take(bed, OTHER, "pump-02")
    assert owners(bed) == [ME]


def test_of_many_that_come_at_once_one_gets_it(bed: Bed) -> None:
    """The others are told; none believes that it has what it has not."""
    together = threading.Barrier(6)

    def run(number: int) -> bool:
        together.wait()
        try:
            take(bed, f"execution-{number}")
        except LockHeld:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(run, range(6)))
    assert won.count(True) == 1
    assert owners(bed) == [f"execution-{won.index(True)}"]
