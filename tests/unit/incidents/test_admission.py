from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cordon.errors import AlarmRejected, RecordBusy
from cordon.incidents import rows
from cordon.incidents.admission import Admission, Admitted, Became, incident_id_for
from cordon.incidents.findings import told_by
from cordon.incidents.table import ConditionFailed, Table, put
from cordon.model.alarm import Alarm, AlarmKind
from cordon.model.incident import IncidentStatus

from ..conftest import MORNING, OTHER, THING, Bed, an_alarm


def admitted(bed: Bed, alarm: Alarm) -> Admitted:
    """Admit an alarm that is not ignored."""
    found = bed.admission.admit(alarm)
    assert found is not None
    return found


def sightings(bed: Bed, incident_id: str) -> list[str]:
    """Return the ids of the alarms that the incident was seen by."""
    return [row["alarm"]["id"] for row in bed.rows(rows.of_incident(incident_id), "SIGHTING#")]


def test_the_first_alarm_opens_an_incident(bed: Bed) -> None:
    """The head, the open-incident key, the sighting and the timeline are there, and the sweep knows when to ask."""
    alarm = an_alarm()
    became = admitted(bed, alarm)
    incident = bed.incidents.get(became.incident_id)
    assert became == Admitted(Became.OPENED, incident_id_for(alarm), redelivered=False)
    assert (incident.status, incident.sightings, incident.thing_name) == (IncidentStatus.OPENED, 1, THING)
    assert bed.open_id(THING) == incident.id
    assert sightings(bed, incident.id) == [alarm.id]
    assert [row["what"] for row in bed.rows(rows.of_incident(incident.id), "TIMELINE#")] == ["opened"]
    soon = "2026-11-02T12:05:00.000000Z"
    assert [row["id"] for row in bed.table.due(rows.INCIDENT_DUE, soon)] == [incident.id]


def test_a_later_alarm_joins_it(bed: Bed) -> None:
    """One incident per thing and playbook while it is open; every alarm that joined is counted and kept."""
    first = admitted(bed, an_alarm(id="a1"))
    second = admitted(bed, an_alarm(id="a2"))
    assert second == Admitted(Became.JOINED, first.incident_id, redelivered=False)
    assert bed.incidents.get(first.incident_id).sightings == 2
    assert sightings(bed, first.incident_id) == ["a1", "a2"]


@pytest.mark.parametrize("different", [{"thing_name": "pump-02"}, {"playbook": "restrict_thing"}])
def test_another_thing_or_playbook_has_an_incident_of_its_own(bed: Bed, different: dict[str, str]) -> None:
    """The open-incident key is of both."""
    first, second = admitted(bed, an_alarm(id="a1")), admitted(bed, an_alarm(id="a2", **different))
    assert second.became is Became.OPENED
    assert second.incident_id != first.incident_id


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_a_redelivery_changes_nothing(bed: Bed, kind: AlarmKind) -> None:
    """The same alarm again finds what became of it, and not one row is another than before."""
    first = admitted(bed, an_alarm(id="a1"))
    once = admitted(bed, an_alarm(id="a2", kind=kind))
    before = bed.everything()
    bed.clock.advance(minutes=1)
    twice = admitted(bed, an_alarm(id="a2", kind=kind))
    assert (twice.became, twice.incident_id, twice.redelivered) == (once.became, first.incident_id, True)
    assert bed.everything() == before


@pytest.mark.parametrize("kind", [AlarmKind.ALARM_CLEARED, AlarmKind.ALARM_INVALIDATED])
class TestWhatIsNoAlarm:
    """A detector that takes its alarm back: noted where something is open, and nothing else."""

    def test_it_is_noted_and_stands_nothing_down(self, bed: Bed, kind: AlarmKind) -> None:
        """A clever intruder goes quiet: neither the status nor the count of sightings moves."""
        incident = bed.opened(id="a1")
        bed.clock.advance(seconds=1)
        bed.clock.advance(seconds=1)
        assert admitted(bed, an_alarm(id="a2", kind=kind)).became is Became.NOTED
        after = bed.incidents.get(incident.id)
        assert (after.status, after.sightings) == (IncidentStatus.OPENED, 1)
        assert [row["what"] for row in bed.rows(rows.of_incident(incident.id), "TIMELINE#")] == ["opened", kind]

    def test_with_nothing_open_it_opens_nothing(self, bed: Bed, kind: AlarmKind) -> None:
        """Nothing is written either: triage remembers it as ignored."""
        assert bed.admission.admit(an_alarm(kind=kind)) is None
        assert bed.everything() == []

    def test_it_is_ignored_again_when_it_comes_again(self, bed: Bed, kind: AlarmKind) -> None:
        """What triage remembered as ignored is no incident's, however often it is delivered."""
        alarm = an_alarm(id="a1", kind=kind)
        bed.admission.remember("a1", Became.IGNORED, reason="nothing is open", **told_by(alarm))
        bed.opened(id="a0")
        assert bed.admission.admit(alarm) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing_name", "pump-02"),
        ("finding_id", "violation-2"),
        ("kind", AlarmKind.ALARM_CLEARED),
        ("raised_at", MORNING),
        ("region", "eu-west-1"),
    ],
)
def test_another_alarm_under_the_same_id_is_refused(bed: Bed, field: str, value: object) -> None:
    """It is named by its field, and what became of the first stays as it was."""
    bed.opened(id="a1")
    before = bed.everything()
    with pytest.raises(AlarmRejected) as refused:
        bed.admission.admit(an_alarm(id="a1", **{field: value}))
    assert refused.value.field == field
    assert bed.everything() == before


def test_an_alarm_that_was_remembered_by_an_earlier_version_is_the_same(bed: Bed) -> None:
    """It knew fewer facts of it, and those agree."""
    incident = bed.opened(id="a1")
    row = {"pk": "ALARM#a1", "sk": "ALARM", "became": "opened", "incident_id": incident.id, "thing_name": THING}
    bed.table.write(put(row, condition=None))
    again = admitted(bed, an_alarm(id="a1"))
    assert (again.incident_id, again.redelivered) == (incident.id, True)


@pytest.mark.parametrize(
    ("status", "reassess"),
    [(IncidentStatus.OBSERVED, True), (IncidentStatus.RESPONDING, False), (IncidentStatus.CONTAINED, False)],
)
def test_a_sighting_of_an_observed_incident_has_it_assessed_again(
    bed: Bed, status: IncidentStatus, reassess: bool
) -> None:
    """Only what was shown and not acted on may be claimed anew."""
    incident = bed.opened(id="a1")
    bed.set_head(incident.id, status=status, claimed_by=OTHER)
    admitted(bed, an_alarm(id="a2"))
    after = bed.incidents.get(incident.id)
    assert (after.reassess, after.status, after.sightings) == (reassess, status, 2)


@pytest.mark.parametrize(
    ("proven", "finding", "is_resend"), [(True, "f1", True), (True, "f2", False), (False, "f1", False)]
)
def test_a_finding_that_is_sent_again_after_the_proof_is_known_as_such(
    bed: Bed, proven: bool, finding: str, is_resend: bool
) -> None:
    """The detector's own id of its finding says so; before the proof it does not matter."""
    incident = bed.opened(id="a1", finding_id="f1")
    if proven:
        bed.set_head(incident.id, status="contained", proven_at="2026-11-02T12:00:00.000000Z")
    became = admitted(bed, an_alarm(id="a2", finding_id=finding))
    assert became.is_resend is is_resend
    assert admitted(bed, an_alarm(id="a2", finding_id=finding)).is_resend is is_resend
    (row,) = bed.rows(rows.of_incident(incident.id), "SIGHTING#a2")
    assert row["is_resend"] is is_resend


def test_an_alarm_reads_none_of_those_that_came_before_it(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever raises ten thousand alarms about one thing makes none of them take longer than the first."""
    incident = bed.opened(id="a1", finding_id="f1")
    bed.set_head(incident.id, status="contained", proven_at="2026-11-02T12:00:00.000000Z")
    monkeypatch.delattr(Table, "rows")
    assert admitted(bed, an_alarm(id="a2", finding_id="f2")).is_resend is False
    assert admitted(bed, an_alarm(id="a3", finding_id="f2")).is_resend is True


def test_alarms_that_race_open_one_incident(bed: Bed) -> None:
    """Twenty different alarms at once: one opens, the others join, and none is lost or counted twice."""
    alarms = [an_alarm(id=f"a{number:02d}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(_patiently(bed.admission), alarms))
    assert len({result.incident_id for result in results}) == 1
    assert sorted(result.became for result in results) == ["joined"] * 19 + ["opened"]
    incident = bed.incidents.get(results[0].incident_id)
    assert incident.sightings == 20
    assert sightings(bed, incident.id) == [alarm.id for alarm in alarms]


def test_one_alarm_delivered_many_times_at_once_is_one_sighting(bed: Bed) -> None:
    """SQS delivers at least once, and two deliveries may be in work at the same moment."""
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(_patiently(bed.admission), [an_alarm()] * 8))
    assert [result.redelivered for result in results].count(False) == 1
    assert bed.incidents.get(results[0].incident_id).sightings == 1


def _patiently(admission: Admission) -> Callable[[Alarm], Admitted]:
    """Return an admission that is tried again when it is busy, as SQS does."""

    def admit(alarm: Alarm) -> Admitted:
        for _ in range(50):
            try:
                found = admission.admit(alarm)
            except RecordBusy:
                continue
            assert found is not None
            return found
        raise AssertionError("busy fifty times")

    return admit


class RivalTable(Table):
    """A table where somebody else is faster: before a write, the rival does what it likes."""

    def __init__(self, bed: Bed, rival: Callable[[], Any]) -> None:
        super().__init__(bed.client("dynamodb"), "incidents")
        self._rival = rival

    def write(self, *writes: Any) -> None:
        """Let the rival go first."""
        self._rival()
        super().write(*writes)


def test_an_incident_that_becomes_observed_meanwhile_is_assessed_again(bed: Bed) -> None:
    """The alarm that joins between the look and the write is not the one that is overlooked."""
    incident = bed.opened(id="a1")
    bed.claim(incident.id)
    left = ["observed"]

    def rival() -> None:
        while left:
            bed.set_head(incident.id, status=left.pop())

    admission = Admission(type(bed.incidents)(RivalTable(bed, rival)))
    result = admission.admit(an_alarm(id="a2"))
    assert result == Admitted(Became.JOINED, incident.id, redelivered=False)
    after = bed.incidents.get(incident.id)
    assert (after.reassess, after.sightings) == (True, 2)


def test_an_alarm_that_always_meets_somebody_faster_is_tried_again_later(bed: Bed) -> None:
    """It gives up with an error that has the message delivered again, and has written nothing."""

    def always_too_late() -> None:
        raise ConditionFailed([0])

    admission = Admission(type(bed.incidents)(RivalTable(bed, always_too_late)))
    with pytest.raises(RecordBusy, match="alarm a1 met other writers 4 times"):
        admission.admit(an_alarm(id="a1"))
    assert bed.everything() == []


def test_an_alarm_is_remembered_for_longer_than_it_can_be_delivered_again(bed: Bed) -> None:
    """90 days, while a queue keeps a message for 14 at most; the incident itself never expires."""
    incident = bed.opened(id="a1")
    remembered = bed.admission.known("a1")
    assert remembered is not None
    assert remembered["expires_at"] == int((MORNING + timedelta(days=90)).timestamp())
    assert [row["sk"] for row in bed.rows(rows.of_incident(incident.id)) if "expires_at" in row] == []


def test_the_id_of_an_incident_follows_from_its_alarm() -> None:
    """So that a redelivery would open the same one, and two playbooks or alarms never share one."""
    alarm = an_alarm(id="a1")
    ids = {
        incident_id_for(one)
        for one in (alarm, an_alarm(id="a1"), an_alarm(id="a2"), an_alarm(id="a1", playbook="restrict_thing"))
    }
    assert len(ids) == 3
    assert incident_id_for(alarm).startswith("inc-20261102-")
