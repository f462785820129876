from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.errors import IncidentNotFound, RecordBusy
from cordon.incidents import rows
from cordon.incidents.bus import Bus
from cordon.incidents.locks import take_lock
from cordon.model.incident import Incident, IncidentStatus
from cordon.response.escalation import Escalation
from cordon.steps.catch_unexpected_end import StatusChange, catch_unexpected_end
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.pager import Pager
from cordon.tickets.tickets import Tickets

from ..conftest import ME, OTHER, THING, Bed
from .doubles import Told

PAGE = f"Cordon: {THING} needs a person"


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


def caught(bed: Bed, given: object, status: str = "ABORTED", execution: str = ME) -> Told:
    """Let an execution end with that input, and return whom the catch told."""
    told = Told()
    aws: Any = told
    detail = {"executionArn": execution, "status": status, "input": given, "stopDate": 1, "name": "x"}
    event = StatusChange.model_validate({"detail": detail, "source": "aws.states"})
    tickets = Tickets(bed.table, OpsCenter(bed.client("ssm")))
    escalation = Escalation(bed.incidents, Bus(aws, "cordon"), tickets, bed.actions)
    catch_unexpected_end(event.detail, escalation, Pager(aws, "topic"))
    return told


def input_of(incident: Incident) -> str:
    """Return the input of an execution that answers the incident."""
    return json.dumps({"incident_id": incident.id, "thing_name": incident.thing_name})


def responding(bed: Bed, **head: object) -> Incident:
    """Return an incident that our execution answers, with the thing's lock taken."""
    incident = bed.claim(bed.opened().id)
    take_lock(bed.table, THING, incident_id=incident.id, execution=ME)
    if head:
        bed.set_head(incident.id, **head)
    return bed.incidents.get(incident.id)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_early_puts_its_incident_before_a_person(bed: Bed, status: str) -> None:
    """Escalated with the reason, announced, paged for, with a ticket, and the thing's lock freed."""
    incident = responding(bed)
    told = caught(bed, input_of(incident), status)
    after = bed.incidents.get(incident.id)
    assert (after.status, after.reasons) == (IncidentStatus.ESCALATED, [f"its execution ended '{status}'"])
    assert after.paged_at == bed.clock.now()
    assert (told.announced, told.pages) == (["Incident Escalated"], [PAGE])
    assert "ticket_id" in (bed.table.get(rows.of_incident(incident.id), rows.TICKET) or {})
    assert bed.rows(rows.of_lock(THING)) == []


def test_an_end_that_is_told_twice_pages_once(bed: Bed) -> None:
    """EventBridge delivers at least once."""
    incident = responding(bed)
    caught(bed, input_of(incident))
    assert caught(bed, input_of(incident)).pages == []


@pytest.mark.parametrize("status", [IncidentStatus.ESCALATED, IncidentStatus.PARTIAL])
def test_a_playbook_that_told_a_person_before_it_failed_is_left_as_it_ended(bed: Bed, status: IncidentStatus) -> None:
    """It fails because a person has to finish it: the page went out, and the status stands."""
    incident = responding(bed, status=status, paged_at=bed.clock.now().isoformat())
    told = caught(bed, input_of(incident), "FAILED")
    assert (told.pages, bed.incidents.get(incident.id).status) == ([], status)


@pytest.mark.parametrize("status", [IncidentStatus.ESCALATED, IncidentStatus.PARTIAL])
def test_a_lock_that_its_last_step_could_not_free_is_freed(bed: Bed, status: IncidentStatus) -> None:
    """The status was moved, and the step failed for good before the lock: nobody else would ever free it."""
    incident = responding(bed, status=status, paged_at=bed.clock.now().isoformat())
    caught(bed, input_of(incident), "FAILED")
    assert bed.rows(rows.of_lock(THING)) == []


def test_a_ticket_is_wanted_before_the_status_says_that_a_person_has_it(bed: Bed) -> None:
    """So that one which could not be noted as wanted is tried again with the whole, and none is forgotten."""
    incident = responding(bed)
    aws: Any = Told()

    class Forgetful(Tickets):
        """Tickets that cannot be noted."""

        def want(self, incident_id: str) -> str:
            """Fail."""
            raise RecordBusy(incident_id)

    forgetful = Forgetful(bed.table, OpsCenter(bed.client("ssm")))
    with pytest.raises(RecordBusy):
        Escalation(bed.incidents, Bus(aws, "cordon"), forgetful, bed.actions).escalate(incident.id, ME, "x", paged=True)
    assert bed.incidents.get(incident.id).status is IncidentStatus.RESPONDING


def test_an_escalation_that_nobody_was_paged_for_is_paged_for(bed: Bed) -> None:
    """The playbook's own page did not go out."""
    incident = responding(bed, status="escalated")
    assert caught(bed, input_of(incident), "FAILED").pages == [PAGE]


def test_an_incident_that_another_execution_answers_is_left_to_it(bed: Bed) -> None:
    """Only the lock of the execution that ended is freed, and this one has none."""
    incident = responding(bed)
    told = caught(bed, input_of(incident), execution=OTHER)
    assert (told.pages, bed.incidents.get(incident.id).status) == ([], IncidentStatus.RESPONDING)
    assert len(bed.rows(rows.of_lock(THING))) == 1


@pytest.mark.parametrize("given", [None, "", "not json", "[]", '"text"', "7", "{}", '{"incident_id": 7}'])
def test_an_execution_that_names_no_incident_is_paged_for(bed: Bed, given: str | None) -> None:
    """Nobody knows what it did, so a person looks."""
    assert caught(bed, given, "TIMED_OUT").pages == ["Cordon: an execution ended TIMED_OUT"]


def test_an_incident_that_is_not_in_the_record_is_an_error(bed: Bed) -> None:
    """It ends in the dead letters, before a person, and not as if all were well."""
    with pytest.raises(IncidentNotFound):
        caught(bed, json.dumps({"incident_id": "inc-20261102-0000000000"}))


@pytest.mark.parametrize(
    ("status", "outbreak_is", "pages"),
    [
        ("FAILED", "escalated", []),
        ("FAILED", "opened", []),
        ("FAILED", "closed", [PAGE]),
        ("ABORTED", "escalated", [PAGE]),
    ],
)
def test_an_incident_of_an_outbreak_is_paged_for_only_where_the_outbreak_is_not(
    bed: Bed, status: str, outbreak_is: str, pages: list[str]
) -> None:
    """The outbreak's word is enough for an execution that ended as it should, while anybody looks at the outbreak."""
    outbreak = bed.opened(id="outbreak-1", finding_id="o", thing_name=None, playbook="escalate_outbreak")
    bed.set_head(outbreak.id, status=outbreak_is)
    ended = "escalated" if status == "FAILED" else "responding"
    incident = responding(bed, decision="outbreak", outbreak=outbreak.id, status=ended)
    told = caught(bed, input_of(incident), status)
    assert told.pages == pages
    assert bed.incidents.get(incident.id).status is IncidentStatus.ESCALATED
    assert bed.table.get(rows.of_lock(THING), rows.LOCK) is None
    assert bed.table.get(rows.of_incident(incident.id), rows.TICKET) is None
