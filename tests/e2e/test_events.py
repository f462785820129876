"""Every sample of `events/` is played in automatic mode, and comes to what its name promises."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cordon.model.incident import IncidentStatus

from playtest.exit_status import exit_status
from playtest.fleet import Snapshot
from playtest.fleet.demo_things import THINGS
from playtest.result import AlarmResult, Fate, FleetChange, IncidentResult, Result
from playtest.run.play import Played, play
from playtest.run.raw_alarm import read_raw_alarm
from playtest.run.scenario import scenario

EVENTS = Path(__file__).parents[2] / "events"
FILES = sorted(path for path in EVENTS.iterdir() if path.name != "README.md")
QUARANTINE = "cordon-quarantine"
EXIT = {"contained": 0, "ignored": 0, "partial": 1, "escalated": 1, "rejected": 1}
"""DESIGN.md's table of statuses, for the outcomes that a name may promise."""
ACTS = ("contained", "partial")
IGNORED = {Fate.IGNORED, Fate.UNROUTED}
REJECTED = {Fate.REJECTED, Fate.REFUSED}
MARKUP = re.compile(r"<|(?<!\\)\]\(|https?:")
CLIENT_IDS = {spec.name: spec.client_id or spec.name for spec in THINGS}


def outcome(path: Path) -> str:
    """What the name promises: the last word of its case."""
    return path.stem.rpartition("-")[2]


def thing_of(path: Path) -> str:
    """The thing that a sample with an incident is about."""
    sample: Any = json.loads(path.read_text())
    message = json.loads(sample["Records"][0]["Sns"]["Message"]) if "Records" in sample else sample
    return str(message["thingName"])


def deals() -> list[list[Path]]:
    """The samples that change something, dealt into as few plays as can be: no thing twice in one, all about as long.

    A second alarm about a thing would join the incident of the first, and one local AWS for each file takes a minute.
    """
    acting = [path for path in FILES if outcome(path) in ACTS]
    things = [thing_of(path) for path in acting]
    dealt: list[list[Path]] = [[] for _ in range(max(things.count(thing) for thing in things))]
    for path in sorted(acting, key=lambda path: -things.count(thing_of(path))):
        free = [deal for deal in dealt if thing_of(path) not in map(thing_of, deal)]
        min(free, key=len).append(path)
    return dealt


DEALS = deals()
UNTOUCHING = [path for path in FILES if outcome(path) not in ACTS]


def played(paths: list[Path]) -> Played:
    """All of these samples, one after the other, in one local AWS."""
    return play(scenario([read_raw_alarm(str(path), io.BytesIO()) for path in paths]))


def alone(result: Result, path: Path) -> Result:
    """What became of one file among the others that were played with it."""
    alarms = [alarm for alarm in result.alarms if alarm.file == str(path)]
    rejected = {(alarm.delivery, alarm.reason) for alarm in alarms if alarm.became in REJECTED}
    return result.model_copy(
        update={
            "alarms": alarms,
            "incidents": [one for one in result.incidents if one.id in {alarm.incident for alarm in alarms}],
            "rejected": [one for one in result.rejected if (one.delivery, one.reason) in rejected],
        }
    )


def told_to_people(result: Result) -> Iterator[str]:
    """Every line that a person reads, in the tickets and in the pages."""
    for incident in result.incidents:
        assert incident.ticket
        assert incident.ticket.id
        for text in (incident.ticket.title, incident.ticket.description, *incident.ticket.data.values()):
            yield from (text or "").split("\n")
    for page in result.pages:
        yield from (page.subject, *page.message.split("\n"))


def require_nothing_hostile(result: Result) -> None:
    """Nothing from outside reaches a person as markup, as a link or as a control character."""
    for line in told_to_people(result):
        assert not MARKUP.search(line), line
        assert not [char for char in line if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"}], line


def require_promise(result: Result, path: Path) -> None:
    """The one alarm, its incident and its rejection are what the name promises."""
    (alarm,) = result.alarms
    promised = outcome(path)
    assert exit_status(result) == EXIT[promised]
    if promised == "ignored":
        assert (alarm.accepted, alarm.became in IGNORED) == (False, True)
        assert alarm.reason
        assert (result.incidents, result.rejected) == ([], [])
    elif promised == "rejected":
        require_rejection(result, alarm)
    else:
        (incident,) = result.incidents
        assert (alarm.accepted, alarm.became, result.rejected) == (True, Fate.OPENED, [])
        require_incident(incident, path)


def require_rejection(result: Result, alarm: AlarmResult) -> None:
    """The alarm is rejected with reason and field, once, and nothing else came of it."""
    (rejection,) = result.rejected
    assert (alarm.accepted, alarm.became in REJECTED, result.incidents) == (False, True, [])
    assert alarm.reason
    assert alarm.field
    assert rejection.field == alarm.field


def require_incident(incident: IncidentResult, path: Path) -> None:
    """The incident has the promised status, one sighting, and evidence that is as it was recorded."""
    acts = outcome(path) in ACTS
    assert (incident.status, incident.thing) == (IncidentStatus(outcome(path)), thing_of(path))
    assert (incident.sightings, incident.playbook, incident.mode) == (1, "contain_thing", "automatic")
    assert all(piece.intact for piece in incident.evidence)
    assert {piece.key.partition("/")[0] for piece in incident.evidence} == {"alarms", "incidents"}
    assert [change.verified for change in incident.changes] == [acts] * len(incident.changes)
    assert (incident.seconds_to_containment is not None) is acts
    assert bool(incident.changes) or not acts


def certificates_of(fleet: Snapshot, thing: str) -> set[str]:
    """The ids of a thing's certificates."""
    return set(fleet.registry[f"thing/{thing}"]["principals"])


def is_of(change: FleetChange, incident: IncidentResult, before: Snapshot) -> bool:
    """Whether a difference of the fleet is about the incident's thing; a group is judged apart."""
    thing = incident.thing
    mine = {f"thing/{thing}", f"session/{CLIENT_IDS[thing]}", f"policy/{QUARANTINE}-{incident.id}"}
    return change.resource in mine | {f"certificate/{each}" for each in certificates_of(before, thing)}


def require_contained(deal: Played, incident: IncidentResult) -> None:
    """The thing is shut off, out of the groups that allow more, in the quarantine group, and without a session."""
    thing, before, after = incident.thing, deal.before, deal.after
    for certificate in certificates_of(before, thing):
        fields = after.registry[f"certificate/{certificate}"]
        assert fields == {"status": "INACTIVE", "policies": [f"{QUARANTINE}-{incident.id}"]}
    assert after.sessions[f"session/{CLIENT_IDS[thing]}"]["connected"] is False
    was, now = before.registry[f"thing/{thing}"], after.registry[f"thing/{thing}"]
    assert QUARANTINE in now["groups"]
    assert not [name for name in now["groups"] if after.registry[f"group/{name}"]["policies"]]
    assert {**was, "groups": []} == {**now, "groups": []}


def require_bystanders_untouched(deal: Played) -> None:
    """Each difference is of an alarmed thing; a group differs only in members, and only in alarmed ones."""
    alarmed = {incident.thing for incident in deal.result.incidents}
    for change in deal.result.fleet_diff:
        if change.resource.startswith("group/"):
            assert change.field == "members"
            assert set(change.before) ^ set(change.after) <= alarmed
        else:
            assert any(is_of(change, incident, deal.before) for incident in deal.result.incidents), change.resource


def test_every_sample_is_played_once() -> None:
    """No file is left out of the plays below, and no thing is alarmed twice within one."""
    dealt = [path for deal in DEALS for path in deal]
    assert sorted([*dealt, *UNTOUCHING]) == FILES
    assert all(len(set(map(thing_of, deal))) == len(deal) for deal in DEALS)


@pytest.mark.parametrize("paths", DEALS, ids=lambda paths: f"{len(paths)}-files")
def test_a_sample_about_a_thing_that_is_ours_to_treat_contains_that_thing_alone(
    paths: list[Path], subtests: pytest.Subtests
) -> None:
    """Contained or partial as the name says; the thing is shut off, and every bystander is as it was."""
    deal = played(paths)
    assert deal.result.dead_letters == []
    require_bystanders_untouched(deal)
    require_nothing_hostile(deal.result)
    for path in paths:
        with subtests.test(path.name):
            mine = alone(deal.result, path)
            require_promise(mine, path)
            require_contained(deal, mine.incidents[0])
            pages = [page for page in deal.result.pages if mine.incidents[0].id in page.subject]
            assert len(pages) == (outcome(path) == "partial")
            # Escaped, and not left out: a person is told which names those were.
            told = mine.incidents[0].ticket
            assert told
            assert ("&lt;script&gt;" in (told.description or "")) is ("<script>" in path.read_text())


def test_a_sample_that_is_not_ours_to_treat_changes_nothing(subtests: pytest.Subtests) -> None:
    """Escalated, ignored or rejected as the name says, a page for each escalation, and no difference in the fleet."""
    deal = played(UNTOUCHING)
    assert deal.result.fleet_diff == []
    assert deal.before == deal.after
    assert deal.result.dead_letters == []
    require_nothing_hostile(deal.result)
    for path in UNTOUCHING:
        with subtests.test(path.name):
            mine = alone(deal.result, path)
            require_promise(mine, path)
            for incident in mine.incidents:
                assert len([page for page in deal.result.pages if incident.id in page.subject]) == 1
