from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from cordon.errors import TicketSystemDown
from cordon.incidents import rows
from cordon.model.change import Change, Gap
from cordon.model.incident import Incident
from cordon.response.outcome import ticket_for
from cordon.tickets.ops_center import Found, OpsCenter
from cordon.tickets.pager import Pager
from cordon.tickets.tickets import Tickets
from cordon.tickets.wording import TicketContent

from ..conftest import Bed

CONTENT = TicketContent(title="Cordon: pump-01", description="What happened.", severity=2, data={"cordon-thing": "x"})
CHANGES = [
    Change(action="certificate_status", resource=f"certificate/{'a' * 64}", before="ACTIVE", after="INACTIVE"),
    Change(action="group_membership", resource="thing/pump-01/group/it's; rm -rf /", before=False, after=True),
]
HOSTILE = "<img src=x> [click](javascript:alert(1)) `x` \u202e\x1b[31m https://203.0.113.9 **now**"


def items(bed: Bed) -> list[Any]:
    """Return all OpsItems."""
    found: list[Any] = bed.client("ssm").describe_ops_items(OpsItemFilters=[])["OpsItemSummaries"]
    return found


def tickets(bed: Bed) -> Tickets:
    """Return the tickets in OpsCenter."""
    return Tickets(bed.table, OpsCenter(bed.client("ssm")))


def test_an_incident_has_one_ticket_however_often_it_is_written(bed: Bed) -> None:
    """The second writing brings the first ticket up to date."""
    incident = bed.opened()
    first = tickets(bed).write(incident.id, CONTENT)
    again = tickets(bed).write(incident.id, TicketContent("Cordon: later", "Done.", 1, {}))
    assert first == again
    assert [(item["OpsItemId"], item["Title"]) for item in items(bed)] == [(first, "Cordon: later")]


def test_a_ticket_made_before_a_crash_is_found_again(bed: Bed) -> None:
    """OpsCenter names the one that it has, and no second is made."""
    incident = bed.opened()
    made = OpsCenter(bed.client("ssm")).create(incident.id, CONTENT).id  # and the step died here
    assert tickets(bed).write(incident.id, TicketContent("Cordon: later", "Done.", 1, {})) == made
    assert [(item["OpsItemId"], item["Title"]) for item in items(bed)] == [(made, "Cordon: later")]


def test_a_ticket_is_wanted_until_it_is_written(bed: Bed) -> None:
    """The sweep finds it for as long, and not after."""
    incident = bed.opened()

    class Down(OpsCenter):
        def create(self, incident_id: str, content: TicketContent) -> Found:
            raise TicketSystemDown("down")

    tickets(bed).want(incident.id)
    with pytest.raises(TicketSystemDown):
        Tickets(bed.table, Down(bed.client("ssm"))).write(incident.id, CONTENT)
    later = "2027-01-01"
    assert [row["incident_id"] for row in bed.table.due(rows.TICKET_DUE, later)] == [incident.id]
    tickets(bed).write(incident.id, CONTENT)
    assert list(bed.table.due(rows.TICKET_DUE, later)) == []


def test_a_ticket_that_is_wanted_once_more_while_it_is_written_stays_wanted(bed: Bed) -> None:
    """What came to it since may not stand in it: the sweep writes it again, and then it waits for nothing."""
    incident = bed.opened()
    first = tickets(bed).want(incident.id)
    bed.clock.advance(seconds=1)
    second = tickets(bed).want(incident.id)
    tickets(bed).write(incident.id, CONTENT, wanted=first)
    assert (tickets(bed).find(incident.id) or {})["due_at"] == second
    tickets(bed).write(incident.id, CONTENT, wanted=second)
    assert "due_at" not in (tickets(bed).find(incident.id) or {})


def test_two_incidents_have_two_tickets(bed: Bed) -> None:
    """The de-duplication is by incident."""
    ids = [tickets(bed).write(bed.opened(id=thing, thing_name=thing).id, CONTENT) for thing in ("pump-01", "pump-02")]
    assert len(set(ids)) == 2


class WithoutTickets:
    """OpsCenter after somebody deleted OpsItems: it has none of those ids."""

    def __init__(self, real: Any, *gone: str) -> None:
        self._real, self.gone, self.exceptions = real, gone, real.exceptions

    def create_ops_item(self, **asked: Any) -> Any:
        """Make another one: a deleted OpsItem is no duplicate."""
        data = {name: value for name, value in asked["OperationalData"].items() if name != "/aws/dedup"}
        return self._real.create_ops_item(**{**asked, "OperationalData": data})

    def update_ops_item(self, **asked: Any) -> Any:
        """Refuse what is gone."""
        if asked["OpsItemId"] in self.gone:
            asked["OpsItemId"] = "oi-000000000000"
        return self._real.update_ops_item(**asked)


def test_a_ticket_that_somebody_deleted_is_made_anew(bed: Bed) -> None:
    """Once: the record names the new one and the one that it stands for, and the sweep has nothing left to try."""
    incident = bed.opened()
    first = tickets(bed).write(incident.id, CONTENT)
    after: Any = WithoutTickets(bed.client("ssm"), first)
    desk = Tickets(bed.table, OpsCenter(after))
    desk.want(incident.id)
    second = desk.write(incident.id, CONTENT)
    assert second != first
    row = desk.find(incident.id) or {}
    assert (row["ticket_id"], row["instead_of"], "due_at" in row) == (second, first, False)
    assert desk.write(incident.id, CONTENT) == second


def test_a_ticket_that_is_still_being_deleted_waits(bed: Bed) -> None:
    """OpsCenter names the deleted one for some minutes yet: it stays wanted, and no call goes round in a circle."""
    incident = bed.opened()
    first = tickets(bed).write(incident.id, CONTENT)
    seeing: Any = WithoutTickets(bed.client("ssm"), first)
    seeing.create_ops_item = bed.client("ssm").create_ops_item
    desk = Tickets(bed.table, OpsCenter(seeing))
    desk.want(incident.id)
    with pytest.raises(TicketSystemDown, match=f"OpsCenter named {first}"):
        desk.write(incident.id, CONTENT)
    assert "due_at" in (desk.find(incident.id) or {})


def carried_out(bed: Bed) -> Incident:
    """Return an incident of whose plan both changes were made."""
    ledger = bed.planned(*CHANGES)
    for entry in ledger.entries():
        ledger.attempt(entry)
        ledger.applied(entry)
    found = bed.open_id("pump-01")
    assert found
    return bed.incidents.get(found)


def test_the_way_back_is_in_reverse_order_and_safe_in_a_shell(bed: Bed) -> None:
    """The last change goes first, and a name with a quote and a command in it stays one word."""
    content = ticket_for(carried_out(bed), bed.incidents, bed.actions)
    commands = content.data["cordon-undo"].splitlines()
    assert [shlex.split(command) for command in commands] == [
        [
            "aws",
            "iot",
            "remove-thing-from-thing-group",
            "--thing-name",
            "pump-01",
            "--thing-group-name",
            "it's; rm -rf /",
        ],
        ["aws", "iot", "update-certificate", "--certificate-id", "a" * 64, "--new-status", "ACTIVE"],
    ]


def test_what_was_found_so_is_not_in_the_way_back(bed: Bed) -> None:
    """It was somebody else's hand."""
    ledger = bed.planned(*CHANGES)
    for entry in ledger.entries():
        ledger.found(entry)
    incident_id = bed.open_id("pump-01") or ""
    assert "cordon-undo" not in ticket_for(bed.incidents.get(incident_id), bed.incidents, bed.actions).data


def test_hostile_text_is_inert_and_the_ticket_short_enough(bed: Bed) -> None:
    """Reasons and gaps that quote the outside make no markup, no link and no ticket that OpsCenter refuses."""
    incident = carried_out(bed).model_copy(
        update={"reasons": [HOSTILE] * 20, "plan_gaps": [Gap(resource=HOSTILE, reason=HOSTILE)] * 20}
    )
    content = ticket_for(incident, bed.incidents, bed.actions)
    assert len(content.description) <= 2048
    for sign in ("<img", "[click]", "javascript:", "https:", "`x`", "**now", "\u202e", "\x1b"):
        assert sign not in content.description.replace("\\[", "").replace("\\`", "")
    assert tickets(bed).write(incident.id, content)


def test_a_text_too_long_for_the_ticket_is_left_out_whole(bed: Bed) -> None:
    """Half a command is dangerous: the ticket says where the whole stands."""
    many = [CHANGES[0].model_copy(update={"hits": ["pump-01" * 400]}) for _ in range(12)]
    bed.planned(*many)
    incident_id = bed.open_id("pump-01") or ""
    content = ticket_for(bed.incidents.get(incident_id), bed.incidents, bed.actions)
    assert content.data["cordon-plan"] == "too long for the ticket; it stands in the record"
    assert tickets(bed).write(incident_id, content)


def test_the_subject_of_a_page_is_what_sns_takes() -> None:
    """ASCII, one line, at most 99 characters."""
    sent: list[dict[str, str]] = []

    class Sns:
        def publish(self, **message: str) -> None:
            sent.append(message)

    client: Any = Sns()
    Pager(client, "arn").page("Cordon: pümp\n" + "x" * 200, json.dumps({"a": 1}))
    subject = sent[0]["Subject"]
    assert subject.isascii()
    assert len(subject) < 100
    assert len(subject.splitlines()) == 1
