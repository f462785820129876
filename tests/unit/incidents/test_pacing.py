from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cordon.actions.certificate_status import CertificateStatus
from cordon.errors import RecordBusy, Throttled
from cordon.incidents.pacing import UPDATE_CERTIFICATE, Pace
from cordon.incidents.table import key, put
from cordon.model.change import Change

from ..conftest import MORNING, Bed

ROW = key("PACE#UpdateCertificate", "PACE")
NOW = int(MORNING.timestamp() * 1000)


def next_at(bed: Bed) -> int:
    """Return how many milliseconds after the morning the next call may be made."""
    row = bed.table.get(**ROW)
    assert row is not None
    return int(row["next_at"]) - NOW


def test_five_calls_are_made_in_a_second(bed: Bed) -> None:
    """The first at once, and each of the others a fifth of a second after the one before."""
    waited = []
    for _ in range(6):
        before = bed.clock.moment
        Pace(bed.table).wait_for(UPDATE_CERTIFICATE)
        waited.append(bed.clock.moment - before)
    assert waited == [timedelta(), *[timedelta(milliseconds=200)] * 5]
    bed.clock.advance(hours=1)
    quiet = bed.clock.moment
    Pace(bed.table).wait_for(UPDATE_CERTIFICATE)
    assert bed.clock.moment == quiet  # what was not used is not saved up, and costs nobody anything


def test_of_many_at_once_each_gets_a_moment_of_its_own(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty calls that come together are spread over four seconds."""
    slots: list[float] = []
    monkeypatch.setattr("cordon.clock.sleep", slots.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: Pace(bed.table).wait_for(UPDATE_CERTIFICATE), range(20)))
    assert sorted(slots) == [number / 5 for number in range(20)]
    assert next_at(bed) == 4000


def test_who_would_wait_too_long_takes_no_slot(bed: Bed) -> None:
    """The state's Retry comes again; however often it does, nobody else waits longer for it."""
    bed.table.write(put({**ROW, "next_at": NOW + 10_001}))
    for _ in range(3):
        with pytest.raises(Throttled):
            Pace(bed.table).wait_for(UPDATE_CERTIFICATE)
    assert next_at(bed) == 10_001
    bed.clock.advance(milliseconds=1)
    Pace(bed.table).wait_for(UPDATE_CERTIFICATE)
    assert next_at(bed) == 10_201
    assert bed.clock.moment == MORNING + timedelta(milliseconds=10_001)


def test_where_others_are_always_in_the_way_nothing_is_called(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads an old number each time gives up in the end, as for any row of the table."""
    Pace(bed.table).wait_for(UPDATE_CERTIFICATE)
    with monkeypatch.context() as old:
        old.setattr(bed.table, "get", lambda **_: None)
        with pytest.raises(RecordBusy):
            Pace(bed.table).wait_for(UPDATE_CERTIFICATE)
    assert next_at(bed) == 200


def test_a_certificate_is_changed_at_the_pace(bed: Bed) -> None:
    """The action waits before its call, and makes none where it would wait too long."""
    certificate = bed.iot.create_keys_and_certificate(setAsActive=True)["certificateId"]
    action = CertificateStatus(bed.iot, Pace(bed.table))
    change = Change(
        action=action.name, resource=f"certificate/{certificate}", before="ACTIVE", after="INACTIVE", hits=["pump-01"]
    )
    bed.table.write(put({**ROW, "next_at": NOW + 20_000}))
    with pytest.raises(Throttled):
        action.apply(change)
    assert action.read(change.resource) == "ACTIVE"
    bed.clock.advance(seconds=15)
    action.apply(change)
    assert action.read(change.resource) == "INACTIVE"
    assert bed.clock.moment == MORNING + timedelta(seconds=20)
