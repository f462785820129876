from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.errors import PlanConflict, Throttled
from cordon.steps.step import StepRequest, StepResult, step
from pydantic import ValidationError

REQUEST = {"incident_id": "inc-20261102-0123456789", "execution": "arn:mine", "state": "DropSessions"}
CONTEXT = SimpleNamespace(aws_request_id="1")


def refused(code: str) -> ClientError:
    """Return AWS's refusal by that code."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "UpdateCertificate")


def run(event: dict[str, Any], error: Exception | None = None) -> Any:
    """Run a step that raises `error`, or does nothing."""

    @step(StepRequest)
    def work(_: StepRequest) -> StepResult:
        if error:
            raise error
        return StepResult()

    return work(event, CONTEXT)


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded"]
)
def test_throttling_has_one_name_whatever_the_service(code: str) -> None:
    """The playbook's Retry knows it by that name only."""
    with pytest.raises(Throttled, match=code):
        run(REQUEST, refused(code))


@pytest.mark.parametrize("error", [refused("AccessDeniedException"), PlanConflict("changed")])
def test_any_other_error_keeps_its_name(error: Exception) -> None:
    """It is not passing trouble, and must not be retried as such."""
    with pytest.raises(type(error)) as raised:
        run(REQUEST, error)
    assert raised.value is error


@pytest.mark.parametrize(
    ("field", "wrong"), [("incident_id", "INCIDENT#*"), ("incident_id", None), ("execution", 7), ("state", None)]
)
def test_a_bad_request_names_its_field(field: str, wrong: object) -> None:
    """Whoever is paged for it sees what was wrong."""
    with pytest.raises(ValidationError) as raised:
        run(REQUEST | {field: wrong})
    assert [error["loc"] for error in raised.value.errors()] == [(field,)]


def test_what_a_request_holds_besides_is_ignored() -> None:
    """A playbook of a later version may say more; the result is plain JSON."""
    assert run(REQUEST | {"more": 1}) == {}
