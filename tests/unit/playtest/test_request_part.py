from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon.model.alarm import Attribution, Certainty
from cordon.model.approval import RequestStatus, Verdict
from cordon.model.change import Gap
from cordon.model.incident import IncidentStatus, Leg, LegOutcome
from rich.console import Console, Group

from playtest.report.incident import incident_part
from playtest.report.request import request_lines, what_to_type
from playtest.result import ApprovalResult, DecisionResult, IncidentResult
from tests.unit.playtest.results import incident

ASKED = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOB = "arn:aws:iam::123456789012:user/on-call/bob"


def asking(status: RequestStatus = RequestStatus.PENDING, **changed: Any) -> IncidentResult:
    """An incident with a request; only what is about the request matters."""
    approval = ApprovalResult(
        status=status,
        plan_hash="a" * 64,
        requested_at=ASKED,
        expires_at=ASKED + timedelta(hours=1),
        identities_needed=2,
        requested_by=BOB,
        cleared_at=ASKED + timedelta(minutes=1),
        decisions=[DecisionResult(identity=BOB, user_arn=BOB, verdict=Verdict.REJECT, at=ASKED, reason="a\x1btest")],
        became=None,
        reasons=["said already", "and this"],
    )
    waits = IncidentStatus.AWAITING_APPROVAL
    facts = {"approval": approval.model_copy(update=changed), "reasons": ["said already"]}
    return incident(waits if status is RequestStatus.PENDING else IncidentStatus.STOOD_DOWN).model_copy(update=facts)


def test_a_request_is_told_with_people_time_and_decisions() -> None:
    """How many are asked, until when, who asked for it, who decided what and why; no reason is told twice."""
    assert [line.plain for line in request_lines(asking())] == [
        "pending: asked two people, until 13:00:00 UTC, for the plan aaaaaaaa…",
        f"asked for by {BOB}, who counts as one of them",
        "the alarm was over at 12:01:00 UTC, which lifts nothing by itself",
        f"rejected by {BOB} at 12:00:00 UTC: a\N{REPLACEMENT CHARACTER}test",
        "and this",
    ]


def test_where_nobody_was_asked_nothing_is_told() -> None:
    """An incident without a request has no such part."""
    assert list(request_lines(incident(IncidentStatus.CONTAINED))) == []


@pytest.mark.parametrize(("status", "lines"), [(RequestStatus.PENDING, 2), (RequestStatus.REJECTED, 0)])
def test_what_waits_is_told_with_its_command(status: RequestStatus, lines: int) -> None:
    """The command stands alone on its line; what waits no longer has none."""
    said = [line.plain for line in what_to_type(asking(status))]
    assert len(said) == lines
    assert said[1:] == ([f"cordon approve inc-20261123-0000000000 --plan {'a' * 64}"] if lines else [])


@pytest.mark.parametrize(
    ("changed", "words", "told"),
    [
        (
            {"attribution": Attribution(certainty=Certainty.INFERRED, how="its role's name")},
            "inferred: its role's",
            True,
        ),
        ({"attribution": Attribution(certainty=Certainty.STATED, how="it says so")}, "it says so", False),
        (
            {"attribution": Attribution(certainty=Certainty.INFERRED, how="its name"), "reasons": ["only its name"]},
            "inferred:",
            False,
        ),
        ({"outbreak": "inc-20261123-1111111111"}, "part of the outbreak inc-20261123-1111111111", True),
        ({"gaps": [Gap(resource="sts/device", reason="no deny policy")]}, "sts/device: no deny policy", True),
        (
            {
                "gaps": [Gap(resource="sts/device", reason="no deny policy")],
                "legs": [Leg(resource="sts/device", outcome=LegOutcome.UNKNOWN, reason="no deny policy")],
            },
            "open sts/device",
            False,
        ),
        ({"containment": "restrict"}, "automatic, restrict", True),
        ({"containment": "isolate"}, "isolate", False),
    ],
)
def test_an_incident_tells_what_is_out_of_the_ordinary(changed: dict[str, Any], words: str, *, told: bool) -> None:
    """A guess at the thing, an outbreak, what stays open, a thing that is not cut off: told; all else is not."""
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(Group(*incident_part(incident(IncidentStatus.ESCALATED).model_copy(update=changed))))
    assert (words in " ".join(console.export_text().split())) is told
