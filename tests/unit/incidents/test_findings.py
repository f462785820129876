"""A finding whose thing was looked up: sent again and again, it stays the finding of its incident."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cordon.errors import AlarmRejected, RecordBusy
from cordon.incidents import rows
from cordon.incidents.admission import Admitted, Became
from cordon.incidents.findings import Findings
from cordon.incidents.table import ConditionFailed, key, put
from cordon.model.alarm import Alarm, AlarmKind, Attribution, Certainty
from cordon.model.incident import Incident, IncidentStatus

from ..conftest import ACCOUNT, ME, MORNING, THING, Bed, an_alarm

FINDING = "arn:aws:guardduty:eu-central-1:123456789012:detector/d4/finding/16"
PROVEN, INFERRED, UNKNOWN, STATED = Certainty.PROVEN, Certainty.INFERRED, Certainty.UNKNOWN, Certainty.STATED


def a_finding(alarm_id: str, thing: str | None = THING, certainty: Certainty | None = None, **changed: Any) -> Alarm:
    """Return an alarm of the finding, as it was tied to a thing, or to none."""
    sure = certainty or (PROVEN if thing else UNKNOWN)
    attribution = Attribution(certainty=sure, how="by its certificate")
    facts = {"source": "guardduty", "finding_id": FINDING, "thing_name": thing, "attribution": attribution}
    return an_alarm(**{**facts, "id": alarm_id, **changed})


def admitted(bed: Bed, alarm: Alarm) -> Admitted:
    """Admit an alarm that is not ignored; one that meets other writers comes again, as SQS does it."""
    for _ in range(50):
        try:
            found = bed.admission.admit(alarm)
        except RecordBusy:
            continue
        assert found is not None
        return found
    raise AssertionError("busy fifty times")


def incident_of(bed: Bed, alarm: Alarm) -> Incident:
    """Admit an alarm, and return its incident."""
    return bed.incidents.get(admitted(bed, alarm).incident_id)


def opening(bed: Bed, incident_id: str) -> dict[str, Any]:
    """Return what the incident's timeline says of its opening."""
    (row,) = [row for row in bed.rows(rows.of_incident(incident_id), "TIMELINE#") if row["what"] == "opened"]
    facts: dict[str, Any] = row["facts"]
    return facts


def close(bed: Bed, incident: Incident, status: IncidentStatus) -> None:
    """Let an incident be over, as the desk does it: its key is free."""
    bed.incidents.move(bed.claim(incident.id), status, ME)


def test_what_a_finding_was_tied_to_stands_on_its_incident(bed: Bed) -> None:
    """Whoever decides reads how sure it is."""
    incident = incident_of(bed, a_finding("g1", certainty=INFERRED))
    assert incident.attribution == Attribution(certainty=INFERRED, how="by its certificate")


@pytest.mark.parametrize(("first", "later"), [(THING, "pump-02"), (THING, None), (None, THING)])
def test_a_finding_that_leads_elsewhere_by_now_is_still_a_sighting(
    bed: Bed, first: str | None, later: str | None
) -> None:
    """A certificate moved, or a role changed, between two reports of one finding."""
    incident = incident_of(bed, a_finding("g1", first))
    again = admitted(bed, a_finding("g2", later))
    assert again == Admitted(Became.JOINED, incident.id, redelivered=False)
    after = bed.incidents.get(incident.id)
    assert (after.thing_name, after.sightings, after.attribution) == (first, 2, incident.attribution)
    assert bed.open_id("pump-02") is None


def test_two_findings_without_a_thing_are_two_incidents(bed: Bed) -> None:
    """Nothing says that they are about the same."""
    first = incident_of(bed, a_finding("g1", None))
    second = incident_of(bed, a_finding("g2", None, finding_id=f"{FINDING}0"))
    again = incident_of(bed, a_finding("g3", None))
    assert (first.id != second.id, again.id, again.sightings) == (True, first.id, 2)


def test_a_finding_of_another_account_is_another_finding(bed: Bed) -> None:
    """The record keeps them apart even under one name."""
    first = incident_of(bed, a_finding("g1", None))
    assert incident_of(bed, a_finding("g2", None, account="210987654321")).id != first.id


def test_another_finding_about_a_thing_joins_its_incident_and_stays_there(bed: Bed) -> None:
    """Device Defender was first; the finding belongs to that incident from then on, wherever it leads later."""
    incident = incident_of(bed, an_alarm(id="a1"))
    assert incident_of(bed, a_finding("g1")).id == incident.id
    again = incident_of(bed, a_finding("g2", "pump-02"))
    assert (again.id, again.sightings) == (incident.id, 3)


@pytest.mark.parametrize("status", [IncidentStatus.STOOD_DOWN, IncidentStatus.CLOSED])
def test_after_its_incident_a_finding_opens_one_that_names_the_old(bed: Bed, status: IncidentStatus) -> None:
    """Whoever reads the new one wants to know how the last one ended."""
    old = incident_of(bed, a_finding("g1"))
    close(bed, old, status)
    new = incident_of(bed, a_finding("g2"))
    assert (new.id != old.id, new.status) == (True, IncidentStatus.OPENED)
    assert opening(bed, old.id) == {"alarm": "g1"}
    assert opening(bed, new.id) == {"alarm": "g2", "after": [old.id]}
    assert incident_of(bed, a_finding("g3", None)).id == new.id
    assert bed.incidents.get(old.id).sightings == 1


def test_each_thing_of_a_sequence_has_its_incident_and_keeps_it(bed: Bed) -> None:
    """Several alarms of one message: each joins its own thing's, and a thing that is new to it opens one."""
    first, second = (incident_of(bed, a_finding(f"g1/{n}", f"pump-0{n}")) for n in (1, 2))
    assert first.id != second.id
    assert incident_of(bed, a_finding("g2/1", "pump-02")).id == second.id
    assert incident_of(bed, a_finding("g2/2", "pump-01")).id == first.id
    third = incident_of(bed, a_finding("g3/2", "pump-03"))
    assert third.id not in {first.id, second.id}
    assert incident_of(bed, a_finding("g4/3", "pump-03")).sightings == 2


@pytest.mark.parametrize("kind", [AlarmKind.ALARM_CLEARED, AlarmKind.ALARM_INVALIDATED])
def test_what_is_archived_is_noted_at_the_incident_of_its_finding(bed: Bed, kind: AlarmKind) -> None:
    """Also where it leads elsewhere by now; nothing is counted and nothing stood down."""
    incident = incident_of(bed, a_finding("g1"))
    noted = admitted(bed, a_finding("g2", None, kind=kind))
    assert (noted.became, noted.incident_id) == (Became.NOTED, incident.id)
    after = bed.incidents.get(incident.id)
    assert (after.status, after.sightings) == (IncidentStatus.OPENED, 1)
    assert bed.admission.admit(a_finding("g3", "pump-02", kind=kind, finding_id=f"{FINDING}0")) is None


@pytest.mark.parametrize(
    ("before", "sighting", "after"),
    [
        (INFERRED, PROVEN, PROVEN),
        (INFERRED, STATED, STATED),
        (PROVEN, INFERRED, PROVEN),
        (PROVEN, STATED, PROVEN),
        (INFERRED, INFERRED, INFERRED),
    ],
)
def test_a_surer_sighting_makes_its_incident_surer(
    bed: Bed, before: Certainty, sighting: Certainty, after: Certainty
) -> None:
    """Else a forged finding, for which a person is asked, would keep a real one from being answered."""
    incident_of(bed, a_finding("g1", certainty=before))
    told = incident_of(bed, a_finding("g2", certainty=sighting, finding_id=f"{FINDING}0")).attribution
    assert told is not None
    assert told.certainty is after


def test_a_surer_sighting_of_another_thing_changes_nothing(bed: Bed) -> None:
    """How sure it is that it was pump-02 says nothing of pump-01."""
    incident_of(bed, a_finding("g1", certainty=INFERRED))
    told = incident_of(bed, a_finding("g2", "pump-02", PROVEN)).attribution
    assert told is not None
    assert told.certainty is INFERRED


def test_reports_that_race_and_lead_to_different_things_open_one_incident(bed: Bed) -> None:
    """Twenty at once, each attributed anew while the registry changes: one incident, and none of them lost."""
    alarms = [a_finding(f"g{number}", f"pump-0{number % 3}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda alarm: admitted(bed, alarm), alarms))
    assert len({result.incident_id for result in results}) == 1
    assert sorted(result.became for result in results) == ["joined"] * 19 + ["opened"]
    assert bed.incidents.get(results[0].incident_id).sightings == 20


class Registry:
    """Attributes a finding to what it is told, and counts how often it is asked."""

    def __init__(self, *things: str) -> None:
        self.things = things
        self.asked = 0

    def attribute(self, alarm: Alarm) -> list[Alarm]:
        """Return an alarm for each thing."""
        self.asked += 1
        return [
            a_finding(f"{alarm.id}/{number}", thing, raised_at=alarm.raised_at)
            for number, thing in enumerate(self.things, start=1)
        ]


def unattributed(alarm_id: str = "g1", **changed: Any) -> Alarm:
    """Return an alarm of the finding as it was read."""
    return a_finding(alarm_id, None, attribution=None, **changed)


def test_what_was_found_first_counts_for_every_redelivery(bed: Bed) -> None:
    """Triage died in between, and the registry is another one by then."""
    registry = Registry("pump-01", "pump-02")
    first = bed.admission.attributed(unattributed(), registry.attribute)
    registry.things = ("pump-03",)
    again = bed.admission.attributed(unattributed(), registry.attribute)
    assert [(one.id, one.thing_name, one.attribution) for one in again] == [
        (one.id, one.thing_name, one.attribution) for one in first
    ]
    assert registry.asked == 1
    (row,) = bed.rows(rows.of_attribution("g1"))
    assert row["expires_at"] == int((MORNING + rows.ALARMS_REMEMBERED).timestamp())


def test_the_slower_of_two_deliveries_takes_what_the_faster_found(bed: Bed) -> None:
    """Both are in work at the same moment, and the registry changes between their looks."""
    faster, slower = Registry("pump-01"), Registry("pump-02")

    def looked_up_too_late(alarm: Alarm) -> list[Alarm]:
        bed.admission.attributed(unattributed(), faster.attribute)
        return slower.attribute(alarm)

    found = bed.admission.attributed(unattributed(), looked_up_too_late)
    assert ([one.thing_name for one in found], slower.asked) == (["pump-01"], 1)


def test_another_finding_under_the_same_id_does_not_inherit_its_thing(bed: Bed) -> None:
    """It is refused, with the field that says so."""
    registry = Registry("pump-01")
    bed.admission.attributed(unattributed(), registry.attribute)
    with pytest.raises(AlarmRejected) as refused:
        bed.admission.attributed(unattributed(finding_id=f"{FINDING}0"), registry.attribute)
    assert refused.value.field == "finding_id"


def test_an_alarm_that_names_its_thing_is_not_kept_twice(bed: Bed) -> None:
    """Its thing cannot change: nothing is written for it."""
    asked: list[Alarm] = []

    def attribute(alarm: Alarm) -> list[Alarm]:
        asked.append(alarm)
        return [alarm]

    assert bed.admission.attributed(an_alarm(), attribute) == asked
    assert bed.everything() == []


def test_a_failed_look_up_leaves_nothing_behind(bed: Bed) -> None:
    """The next delivery looks again."""

    def unreachable(alarm: Alarm) -> list[Alarm]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        bed.admission.attributed(unattributed(), unreachable)
    assert bed.everything() == []


def test_what_is_recorded_of_a_finding_is_not_overwritten_by_a_slower_writer(bed: Bed) -> None:
    """The row is written on what was read of it, or not at all."""
    alarm = a_finding("g1")
    seen = Findings(bed.table).reported(alarm)
    pk, sk = rows.of_finding(ACCOUNT, FINDING), "contain_thing"
    bed.table.write(put({**key(pk, sk), "incidents": [["pump-02", "inc-20261102-0000000000"]]}))
    with pytest.raises(ConditionFailed):
        bed.table.write(*seen.recorded(alarm, "inc-20261102-1111111111"))
