from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from cordon.incidents.ledger import Ledger
from cordon.model.incident import IncidentStatus, LegOutcome
from cordon.model.thing import SessionFacts
from cordon.response.verification import Verdict
from cordon.steps.verify_containment import LookRequest, LookResult, Verifier

from ..conftest import ME, THING, Bed, an_alarm

LEFT = "CLIENT_INITIATED_DISCONNECT"


class Seen:
    """A reader of AWS IoT that has seen one session of the thing end."""

    def __init__(self, left_at: datetime | None, reason: str = LEFT) -> None:
        self._session = SessionFacts(client_id=THING, connected=False, reason=reason, left_at=left_at)

    def sessions(self, _thing_name: str, *, known: list[str]) -> list[SessionFacts]:
        """Return the session."""
        return [self._session]


def look(bed: Bed, incident_id: str, seen: Any, **numbers: Any) -> LookResult:
    """Look once; `numbers` are what the last look handed back."""
    verifier = Verifier(bed.incidents, bed.evidence, seen, bed.actions, bed.client("iot-data"))
    asked = {"look": 5, "waited_seconds": 540, "quiet_seconds": 540} | numbers
    request = LookRequest(incident_id=incident_id, execution=ME, state="VerifyContainment", **asked)
    return verifier.answer_question(request) if request.questioned else verifier.verify(request)


def claimed(bed: Bed) -> str:
    """Return an incident whose plan is carried out, an hour after its alarm."""
    bed.planned(id="a1")
    bed.clock.advance(hours=1)
    return bed.open_id(THING) or ""


@pytest.mark.parametrize(
    ("seconds_ago", "reason", "result", "quiet_seconds"),
    [
        (60, LEFT, Verdict.LOOK_AGAIN, 60),
        (500, "CONNECTION_LOST", Verdict.LOOK_AGAIN, 60),
        (600, LEFT, Verdict.PROVEN, 541),
        (60, "AUTH_ERROR", Verdict.PROVEN, 541),
    ],
)
def test_the_quiet_begins_anew_when_the_thing_was_there_between_two_looks(
    bed: Bed, seconds_ago: int, reason: str, result: Verdict, quiet_seconds: int
) -> None:
    """It is not connected now, and its last session ended within the quiet that was counted so far."""
    incident_id = claimed(bed)
    came_to = look(bed, incident_id, Seen(bed.clock.now() - timedelta(seconds=seconds_ago), reason))
    assert (came_to.result, came_to.quiet_seconds) == (result, quiet_seconds)


def test_a_thing_that_keeps_coming_and_leaving_ends_partial(bed: Bed) -> None:
    """After half an hour, with the session named among what is not cut."""
    incident_id = claimed(bed)
    seen = Seen(bed.clock.now() - timedelta(seconds=30))
    assert look(bed, incident_id, seen, waited_seconds=1800, quiet_seconds=60).result is Verdict.PARTIAL
    (leg,) = bed.incidents.get(incident_id).legs
    assert (leg.outcome, leg.reason.startswith("it was back until 2026-11-02")) == (LegOutcome.CONNECTED, True)


def test_the_first_look_counts_nothing_that_was_before(bed: Bed) -> None:
    """No quiet is claimed yet, so none is broken: the session may be the one that was just dropped."""
    seen = Seen(bed.clock.now() + timedelta(hours=1))
    numbers = {"look": 0, "waited_seconds": 0, "quiet_seconds": 0}
    assert look(bed, claimed(bed), seen, **numbers).wait_seconds == 60


@pytest.mark.parametrize(("minutes", "result"), [(-1, Verdict.PROVEN), (1, Verdict.PARTIAL)])
def test_a_proof_does_not_hold_if_the_thing_was_there_after_it(bed: Bed, minutes: int, result: Verdict) -> None:
    """Also when it is gone again by the time that an alarm has somebody look."""
    incident_id = claimed(bed)
    proven_at = bed.clock.now()
    contained = {"status": "contained", "proven_at": proven_at.isoformat(), "questioned": True}
    bed.set_head(incident_id, **contained)
    bed.clock.advance(minutes=5)
    seen = Seen(proven_at + timedelta(minutes=minutes))
    assert look(bed, incident_id, seen, questioned=True).result is result


def test_the_proof_enters_every_sighting_into_the_chain(bed: Bed) -> None:
    """The raw message of each is found by its hash, not only the first one's."""
    incident_id = claimed(bed)
    bed.admission.admit(an_alarm(id="a2"))
    assert look(bed, incident_id, Seen(None)).result is Verdict.PROVEN
    kept = [entry["key"].rpartition("/")[2].partition("-")[0] for entry in bed.evidence.chain(incident_id)]
    assert kept == ["proof", "sightings"]


def test_a_question_about_what_is_no_longer_contained_is_moot(bed: Bed) -> None:
    """Whoever moved it looks after it."""
    incident_id = claimed(bed)
    assert look(bed, incident_id, Seen(None), questioned=True).result is Verdict.MOOT
    assert bed.incidents.get(incident_id).status is IncidentStatus.RESPONDING


class Unasked:
    """A reader of AWS IoT that nobody may ask."""

    def sessions(self, _thing_name: str, *, known: list[str]) -> list[SessionFacts]:
        """Fail."""
        raise AssertionError("nobody looks for its sessions")


def test_the_sessions_of_a_restricted_thing_are_neither_dropped_nor_looked_for(bed: Bed) -> None:
    """It stays connected, which is a gap of its plan; what is proven is that the policy reads back."""
    incident_id = claimed(bed)
    bed.set_head(
        incident_id, containment="restrict", plan_gaps=[{"resource": "connection/pump-01", "reason": "it stays"}]
    )
    came_to = look(bed, incident_id, Unasked())
    assert came_to.result is Verdict.PARTIAL
    incident = bed.incidents.get(incident_id)
    assert [(leg.resource, leg.outcome) for leg in incident.legs] == [("connection/pump-01", LegOutcome.UNKNOWN)]
    assert Ledger(bed.incidents, incident_id, ME).effects() == []
