from __future__ import annotations

from typing import Any

import pytest
from cordon.model.alarm import Severity
from cordon.model.incident import Incident
from cordon.model.outbreak import Member
from cordon.tickets.outbreak_wording import outbreak_ticket
from cordon.tickets.wording import LONGEST_DATUM, LONGEST_DESCRIPTION

from ..conftest import Bed


def members(count: int, thing: str | None = "pump") -> list[Member]:
    """Return so many incidents of an outbreak."""
    return [
        Member(incident_id=f"inc-20261102-{n:010x}", thing=thing and f"{thing}-{n}", severity=Severity.HIGH)
        for n in range(count)
    ]


@pytest.fixture
def outbreak(bed: Bed) -> Incident:
    """The incident of an outbreak."""
    return bed.opened(thing_name=None, playbook="escalate_outbreak", summary="20 or more things have a behavior.")


def test_it_names_how_many_and_the_first_twenty(outbreak: Incident) -> None:
    """All of them stand in the operational data, and what to do above the list."""
    ticket = outbreak_ticket(outbreak, "escalated", members(22), ["a sha256 b"])
    assert ticket.title == "Cordon: an outbreak of 22 incidents needs a person"
    assert ticket.severity == 2
    assert "20 or more things have a behavior." in ticket.description
    assert ticket.description.count("\n- pump-") == 20
    assert ticket.description.index("What to do:") < ticket.description.index("The first 20 of 22 incidents:")
    assert ticket.data["cordon-attached"].splitlines()[-1] == "- pump-21: inc-20261102-0000000015"
    assert ticket.data["cordon-evidence"] == "a sha256 b"


def test_an_incident_of_no_thing_is_named_all_the_same(outbreak: Incident) -> None:
    """By its id, and that no thing is known."""
    ticket = outbreak_ticket(outbreak, "escalated", members(1, None), [])
    assert "\\(no thing\\): inc-20261102-0000000000" in ticket.description
    assert "cordon-evidence" not in ticket.data


@pytest.mark.parametrize("count", [0, 1, 450, 10_000])
def test_it_fits_whatever_the_size_of_the_outbreak(outbreak: Incident, count: int) -> None:
    """What does not fit is counted, and no line is cut in two."""
    made: Any = outbreak_ticket(outbreak, "escalated", members(count, "x" * 120), [])
    assert len(made.description) <= LONGEST_DESCRIPTION
    assert len(made.data["cordon-attached"].encode()) <= LONGEST_DATUM
    *lines, last = made.data["cordon-attached"].splitlines() or [""]
    named = len([line for line in lines if line.startswith("- x")]) + last.startswith("- x")
    left = int(last.split()[1]) if last.startswith("and ") else 0
    assert named + left == count
