"""The people of the demo plant who are on call: they answer requests for approval at the desk, each as himself."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Any

from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.model.approval import ApprovalRequest, RequestStatus
from cordon.model.incident import Incident, IncidentStatus

from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB
from playtest.run.record import Record

_ON_CALL = (ALICE, BOB)
"""Two identities: whoever has the role OnCall, and a user."""
_MOST_ROUNDS = 10
"""Requests that one incident may make: a playbook that never stops asking is its own fault, not people's."""


class PeoplesAnswer(StrEnum):
    """What they do when they are asked."""

    APPROVE = "approve"
    REJECT = "reject"
    SILENT = "silent"


class DeskSaidNo(Exception):
    """The desk refused what the people of the demo plant may do: it, or they, are not as they should be."""


def answer_requests(aws: LocalAws, answer: PeoplesAnswer) -> None:
    """Let people answer all requests that wait, and those that come of their answers, until none waits.

    Raises:
        DeskSaidNo: the desk did not take an answer.
    """
    for _ in range(_MOST_ROUNDS):
        waiting = _waiting(aws)
        if not waiting:
            return
        if answer is PeoplesAnswer.SILENT:
            _let_time_pass(aws, waiting)
        else:
            with aws.at_once():  # what the first answer sets going must not use up the time of the last
                for incident in waiting:
                    _decide(aws, incident, answer)
        aws.settle()


def _waiting(aws: LocalAws) -> list[Incident]:
    return [one for one in Record(aws).incidents() if one.status is IncidentStatus.AWAITING_APPROVAL]


def _decide(aws: LocalAws, incident: Incident, answer: PeoplesAnswer) -> None:
    """Answer as one person, and where that is not enough as another."""
    for person in _ON_CALL:
        body: dict[str, Any] = {"plan_hash": _request(aws, incident).plan_hash}
        if answer is PeoplesAnswer.REJECT:
            body["reason"] = "rejected in the playtest"
        status, said = aws.ask_desk(person, "POST", f"/incidents/{incident.id}/{answer}", body)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise DeskSaidNo(f"{answer} of {incident.id} by {person}: {said}")
        if _request(aws, incident).status is not RequestStatus.PENDING:
            return


def _let_time_pass(aws: LocalAws, waiting: list[Incident]) -> None:
    last = max(_request(aws, incident).answer_until for incident in waiting)
    aws.clock.advance(max(0.0, (last - aws.clock.now()).total_seconds()) + 1)


def _request(aws: LocalAws, incident: Incident) -> ApprovalRequest:
    (row,) = Record(aws).of_incident(incident.id, rows.APPROVAL)
    return parsed(ApprovalRequest, row)
