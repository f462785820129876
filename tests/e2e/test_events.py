"""Every sample of `events/` is played in automatic mode, and comes to what its name promises."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cordon.model.incident import UNKNOWN_THING, IncidentStatus

from playtest.exit_status import exit_status
from playtest.fleet import Snapshot
from playtest.fleet.demo_things import THINGS
from playtest.result import AlarmResult, Fate, FleetChange, IncidentResult, Result
from playtest.run.play import Played, play
from playtest.run.raw_alarm import read_raw_alarm
from playtest.run.scenario import scenario

EVENTS = Path(__file__).parents[2] / "events"
FILES = sorted(path for path in EVENTS.iterdir() if path.name != "README.md")
QUARANTINE, DENY = "cordon-quarantine", "cordon-deny"
EXIT = {"contained": 0, "ignored": 0, "awaiting_approval": 3, "partial": 1, "escalated": 1, "rejected": 1}
"""DESIGN.md's table of statuses, for the outcomes that a name may promise."""
ACTS = ("contained", "partial")
IGNORED = {Fate.IGNORED, Fate.UNROUTED}
REJECTED = {Fate.REJECTED, Fate.REFUSED}
MARKUP = re.compile(r"<|(?<!\\)\]\(|https?:")
CLIENT_IDS = {spec.name: spec.client_id or spec.name for spec in THINGS}
NO_THING = [UNKNOWN_THING]
INSTANCES = {spec.attributes.get("ec2InstanceId", "none"): spec.name for spec in THINGS}
CERTIFICATE = re.compile(r"\$\{certificate-id:([^}]*)\}")


def outcome(path: Path) -> str:
    """What the name promises: the last word of its case."""
    return path.stem.rpartition("-")[2]


def things_of(path: Path) -> list[str]:
    """The things that a sample with incidents is about: that of the alarm, or those of the clues of a finding."""
    sample: Any = json.loads(path.read_text())
    if "detail" in sample:
        return things_of_finding(path)
    message = json.loads(sample["Records"][0]["Sns"]["Message"]) if "Records" in sample else sample
    return [str(message["thingName"])]


def things_of_finding(path: Path) -> list[str]:
    """Whose certificates and instances a finding names; one that is escalated leads to none of them."""
    if outcome(path) == "escalated":
        return NO_THING
    text = path.read_text()
    named = [*CERTIFICATE.findall(text), *(thing for instance, thing in INSTANCES.items() if instance in text)]
    return sorted(set(named))


def clash(path: Path, deal: list[Path]) -> bool:
    """Whether a sample is about a thing that one of these is about."""
    return any(set(things_of(path)) & set(things_of(other)) for other in deal)


def deals() -> list[list[Path]]:
    """The samples that change something, dealt into as few plays as can be: no thing twice in one, all about as long.

    A second alarm about a thing would join the incident of the first, and one local AWS for each file takes a minute.
    """
    acting = [path for path in FILES if outcome(path) in ACTS]
    times = Counter(thing for path in acting for thing in things_of(path))
    dealt: list[list[Path]] = [[] for _ in range(max(times.values()))]
    for path in sorted(acting, key=lambda path: -max(times[thing] for thing in things_of(path))):
        free = [deal for deal in dealt if not clash(path, deal)]
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
    promised = outcome(path)
    assert exit_status(result) == EXIT[promised]
    if promised == "ignored":
        (alarm,) = result.alarms
        assert (alarm.accepted, alarm.became in IGNORED) == (False, True)
        assert alarm.reason
        assert (result.incidents, result.rejected) == ([], [])
    elif promised == "rejected":
        (alarm,) = result.alarms
        require_rejection(result, alarm)
    else:
        assert {(alarm.accepted, alarm.became) for alarm in result.alarms} == {(True, Fate.OPENED)}
        assert (len(result.alarms), result.rejected) == (len(result.incidents), [])
        assert sorted(incident.thing for incident in result.incidents) == things_of(path)
        for incident in result.incidents:
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
    assert incident.status is IncidentStatus(outcome(path))
    assert (incident.sightings, incident.playbook) == (1, "contain_thing")
    assert incident.mode == "automatic" or not acts
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
    mine = {f"thing/{thing}", f"session/{CLIENT_IDS[thing]}"}
    mine |= {f"policy/{QUARANTINE}-{incident.id}", f"policy/{DENY}-{incident.id}"}
    return change.resource in mine | {f"certificate/{each}" for each in certificates_of(before, thing)}


def is_shared(fleet: Snapshot, certificate: str) -> bool:
    """Whether several things live on a certificate."""
    things = [name for name in fleet.registry if name.startswith("thing/")]
    return len([name for name in things if certificate in fleet.registry[name]["principals"]]) > 1


def require_cut_off(deal: Played, certificate: str, incident_id: str) -> None:
    """A certificate of its own is shut off with the quarantine policy; a shared one has the deny beside its own.

    Where it may have got AWS credentials, those are denied.
    """
    was, now = deal.before.registry[f"certificate/{certificate}"], deal.after.registry[f"certificate/{certificate}"]
    if not is_shared(deal.before, certificate):
        assert now == {"status": "INACTIVE", "policies": [f"{QUARANTINE}-{incident_id}"]}
        denied = deal.after.registry["sts-deny/policy"]["certificates"]
        assert certificate in denied or "plant-video" not in was["policies"]
        return
    assert now["status"] == "ACTIVE"
    assert set(now["policies"]) >= {f"{DENY}-{incident_id}", *was["policies"]}
    assert not [name for name in set(now["policies"]) - set(was["policies"]) if not name.startswith(DENY)]


def require_contained(deal: Played, incident: IncidentResult) -> None:
    """The thing is shut off, out of the groups that allow more, in the quarantine group, and without a session."""
    thing, before, after = incident.thing, deal.before, deal.after
    for certificate in certificates_of(before, thing):
        require_cut_off(deal, certificate, incident.id)
    assert after.sessions[f"session/{CLIENT_IDS[thing]}"]["connected"] is False
    was, now = before.registry[f"thing/{thing}"], after.registry[f"thing/{thing}"]
    assert QUARANTINE in now["groups"]
    assert not [name for name in now["groups"] if after.registry[f"group/{name}"]["policies"]]
    assert {**was, "groups": []} == {**now, "groups": []}


def require_bystanders_untouched(deal: Played) -> None:
    """Each difference is of an alarmed thing; groups and the deny of sessions differ only in alarmed members."""
    alarmed = {incident.thing for incident in deal.result.incidents}
    theirs = {certificate for thing in alarmed for certificate in certificates_of(deal.before, thing)}
    for change in deal.result.fleet_diff:
        if change.resource.startswith("group/"):
            assert change.field == "members"
            assert set(change.before) ^ set(change.after) <= alarmed
        elif change.resource == "sts-deny/policy":
            assert set(change.before) ^ set(change.after) <= theirs
        else:
            assert any(is_of(change, incident, deal.before) for incident in deal.result.incidents), change.resource


def test_every_sample_is_played_once() -> None:
    """No file is left out of the plays below, and no thing is alarmed twice within one."""
    dealt = [path for deal in DEALS for path in deal]
    assert sorted([*dealt, *UNTOUCHING]) == FILES
    for deal in DEALS:
        things = [thing for path in deal for thing in things_of(path)]
        assert len(set(things)) == len(things)


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
            for incident in mine.incidents:
                require_contained(deal, incident)
                pages = [page for page in deal.result.pages if incident.id in page.subject]
                assert len(pages) == (outcome(path) == "partial")
                # Escaped, and not left out: a person is told which names those were.
                assert incident.ticket
                told = incident.ticket.description or ""
                assert ("&lt;script&gt;" in told) is ("<script>" in path.read_text())


def test_a_sample_that_is_not_ours_to_treat_changes_nothing(subtests: pytest.Subtests) -> None:
    """As the name says, a page for each that a person must answer, and no difference in the fleet."""
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
                assert len([page for page in deal.result.pages if incident.id in page.subject + page.message]) == 1
