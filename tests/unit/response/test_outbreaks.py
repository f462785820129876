from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cordon.errors import RecordBusy
from cordon.incidents import rows
from cordon.incidents.table import Row, key, update
from cordon.model.alarm import Alarm, Severity
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.response_policy import OutbreakRule
from cordon.model.response_policy import Outbreaks as Rules
from cordon.model.thing import Criticality, GroupFacts, ThingFacts

from ..conftest import Bed
from .storm import THREE, Storm


def thing(name: str, *, groups: tuple[str, ...] = (), firmware: str | None = None) -> ThingFacts:
    """Return a thing in these groups, with that firmware."""
    return ThingFacts(
        name=name,
        arn=f"arn:{name}",
        type_name=None,
        attributes={"firmwareVersion": firmware} if firmware else {},
        version=1,
        criticality=Criticality.STANDARD,
        certificates=[],
        other_principals=[],
        groups=[GroupFacts(name=group, arn=f"arn:{group}", policies=[]) for group in groups],
    )


def test_from_the_threshold_on_there_is_one_outbreak_with_all_attached(bed: Bed) -> None:
    """Two are two incidents; with the third those that came before are attached too, and every later one."""
    storm = Storm(bed)
    assert [storm.assessed(number) for number in (1, 2)] == [None, None]
    assert storm.outbreaks() == []
    first = storm.assessed(3)
    assert storm.assessed(4, severity=Severity.CRITICAL) == first is not None
    (outbreak,) = storm.outbreaks()
    assert (outbreak.id, outbreak.status, outbreak.thing_name) == (first, IncidentStatus.OPENED, None)
    assert outbreak.severity is Severity.CRITICAL
    assert outbreak.summary == (
        "3 or more things within 60 minutes have the same behavior (aws:num-messages-sent, device-defender-detect)."
    )
    assert storm.attached(outbreak.id) == ["pump-1", "pump-2", "pump-3", "pump-4"]
    assert storm.announced.incidents == [outbreak.id]
    ticket = bed.table.get(rows.of_incident(outbreak.id), rows.TICKET)
    assert ticket is not None
    assert ticket["due_kind"] == rows.TICKET_DUE


def test_an_outbreak_grows_no_milder(bed: Bed) -> None:
    """As severe as its worst incident, whatever comes after it."""
    storm = Storm(bed)
    for number, severity in enumerate(("low", "critical", "low", "medium")):
        storm.assessed(number, severity=Severity(severity))
    assert [outbreak.severity for outbreak in storm.outbreaks()] == [Severity.CRITICAL]


def test_what_came_before_the_window_does_not_count(bed: Bed) -> None:
    """Three in an hour and a second are no outbreak of an hour."""
    storm = Storm(bed)
    assert storm.assessed(1) is None
    bed.clock.advance(minutes=59)
    assert storm.assessed(2) is None
    bed.clock.advance(seconds=61)
    assert storm.assessed(3) is None
    assert storm.outbreaks() == []
    assert storm.assessed(4) is not None


def test_one_thing_that_opens_many_incidents_is_no_outbreak(bed: Bed) -> None:
    """Things are counted, not incidents."""
    storm = Storm(bed)
    for number in range(5):
        incident, alarm = storm.raised(number, thing_name="pump-1", playbook=f"playbook-{number}")
        assert storm.attach(incident, alarm) is None
    assert storm.outbreaks() == []


def test_incidents_that_no_thing_is_known_for_count_by_behavior(bed: Bed) -> None:
    """Each by itself, for nobody knows that they are about the same."""
    storm = Storm(bed)
    assert [bool(storm.assessed(number, thing_name=None)) for number in range(3)] == [False, False, True]


@pytest.mark.parametrize("changed", [{"source": "desk"}, {"requested_by": "arn:aws:iam::123456789012:user/ada"}])
def test_what_a_person_asked_for_is_part_of_no_outbreak(bed: Bed, changed: dict[str, Any]) -> None:
    """It does not count for one, and is not attached to one that is open."""
    storm = Storm(bed)
    for number in range(3):
        assert storm.assessed(number, **changed) is None
    assert storm.outbreaks() == []
    for number in range(3, 6):
        storm.assessed(number)
    assert storm.assessed(7, **changed) is None
    assert len(storm.attached(storm.outbreaks()[0].id)) == 3


def test_another_behavior_account_or_region_is_another_outbreak(bed: Bed) -> None:
    """Only what is the same counts together."""
    storm = Storm(bed)
    others: list[dict[str, Any]] = [{}, {"signal": "x"}, {"source": "x"}, {"account": "1" * 12}, {"region": "x"}]
    for number, changed in enumerate([*others, *others]):
        assert storm.assessed(number, **changed) is None
    assert len({storm.assessed(10 + number, **changed) for number, changed in enumerate(others)}) == 5


def test_firmware_and_groups_count_too(bed: Bed) -> None:
    """Each by its own rule, where behaviors differ; firmware comes before groups."""
    storm = Storm(bed, Rules(behavior=None, firmware=THREE, group=OutbreakRule(things=2)))
    one, two, three = (thing(f"pump-{number}", groups=(f"line-{number}",), firmware="1.2 <b>") for number in (1, 2, 3))
    assert [storm.assessed(1, one, signal="a"), storm.assessed(2, two, signal="b")] == [None, None]
    by_firmware = storm.assessed(3, three, signal="c")
    by_group = storm.assessed(4, thing("pump-4", groups=("line-3", "line-1")), signal="d")
    summaries = {outbreak.id: outbreak.summary for outbreak in storm.outbreaks()}
    assert len(summaries) == 2
    assert summaries[str(by_firmware)].endswith("have the same firmware (1.2 &lt;b&gt;).")
    assert summaries[str(by_group)].endswith("have the same group (line-1).")


def test_no_rule_no_outbreak(bed: Bed) -> None:
    """Where the response policy counts nothing, nothing is even remembered."""
    storm = Storm(bed, Rules(behavior=None, firmware=None, group=None))
    for number in range(4):
        assert storm.assessed(number, thing(f"pump-{number}", groups=("line",), firmware="1")) is None
    assert [item for item in bed.everything() if item["pk"]["S"].startswith("OUTBREAK#")] == []


@pytest.mark.parametrize("status", [IncidentStatus.CLOSED, IncidentStatus.STOOD_DOWN])
def test_an_outbreak_that_is_over_takes_no_more(bed: Bed, status: IncidentStatus) -> None:
    """Neither new incidents, which begin to count anew, nor the word of those that it had."""
    storm = Storm(bed)
    over = [storm.assessed(number) for number in range(3)][-1]
    assert over is not None
    incident, alarm = storm.raised(2)
    bed.set_head(over, status=status)
    assert storm.attach(bed.incidents.get(incident.id), alarm) is None
    bed.clock.advance(minutes=61)
    assert [bool(storm.assessed(number)) for number in (11, 12, 13)] == [False, False, True]
    assert len(storm.outbreaks()) == 2
    assert len(storm.attached(over)) == 3


def test_an_outbreak_to_which_nothing_came_for_a_window_takes_no_more(bed: Bed) -> None:
    """It stays open for as long as incidents come, and the next ones are told one by one."""
    storm = Storm(bed)
    first = [storm.assessed(number) for number in range(3)][-1]
    for number in range(3, 6):
        bed.clock.advance(minutes=59)
        assert storm.assessed(number) == first
    bed.clock.advance(minutes=61)
    assert storm.assessed(6) is None
    assert len(storm.attached(str(first))) == 6


def test_assessed_again_nothing_is_counted_twice(bed: Bed) -> None:
    """The same outbreak, its members once each, and its ticket wanted once more."""
    storm = Storm(bed)
    storm.assessed(1)
    storm.assessed(2)
    incident, alarm = storm.raised(3)
    outbreak = storm.attach(incident, alarm)
    members = storm.attached(str(outbreak))
    bed.table.write(update(key(rows.of_incident(str(outbreak)), rows.TICKET), remove=["due_kind", "due_at"]))
    assert storm.attach(incident, alarm) == outbreak  # as it was read before
    assert storm.attach(bed.incidents.get(incident.id), alarm) == outbreak
    assert storm.attached(str(outbreak)) == members
    ticket = bed.table.get(rows.of_incident(str(outbreak)), rows.TICKET)
    assert ticket is not None
    assert "due_at" in ticket


def test_of_many_at_once_all_are_in_one_outbreak(bed: Bed) -> None:
    """Twelve incidents assessed on eight threads: whoever came before the threshold is attached by who came after."""
    storm = Storm(bed)
    raised = [storm.raised(number) for number in range(12)]

    def assess(one: tuple[Incident, Alarm]) -> str | None:
        for _ in range(50):
            try:
                return storm.attach(*one)
            except RecordBusy:
                continue
        raise AssertionError("busy fifty times")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(assess, raised))
    (outbreak,) = storm.outbreaks()
    assert storm.attached(outbreak.id) == sorted(f"pump-{number}" for number in range(12))
    assert set(answers) <= {outbreak.id, None}
    assert answers.count(None) <= 2


def test_two_that_cross_the_threshold_together_declare_one(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has counted when the first declares: it joins him."""
    storm = Storm(bed)
    storm.assessed(1)
    storm.assessed(2)
    first, second = storm.raised(3), storm.raised(4)
    count, outbreaks = bed.table.newest, []

    def overtaken(*args: Any, **named: Any) -> list[Row]:
        found = count(*args, **named)
        monkeypatch.undo()
        outbreaks.append(storm.attach(*first))
        return found

    monkeypatch.setattr(bed.table, "newest", overtaken)
    outbreaks.append(storm.attach(*second))
    assert outbreaks == [found.id for found in storm.outbreaks()] * 2
    assert len(storm.attached(str(outbreaks[0]))) == 4
