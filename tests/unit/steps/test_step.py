from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from cordon.errors import PlanConflict, Throttled
from cordon.steps.step import StepRequest, StepResult, step
from pydantic import ValidationError

REQUEST = {"incident_id": "inc-20261102-0123456789", "execution": "arn:mine", "state": "DropSessions"}
CONTEXT = SimpleNamespace(aws_request_id="1")


def refused(code: str, status: int = 400) -> ClientError:
    """Return AWS's refusal by that code and HTTP status."""
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "UpdateCertificate")


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


@pytest.mark.parametrize("error", [refused("InternalError", 500), refused("503", 503), refused("Throttled", 429)])
def test_a_failure_of_awss_own_has_it_too(error: ClientError) -> None:
    """Each service words it in its own way; the HTTP status is the same."""
    with pytest.raises(Throttled):
        run(REQUEST, error)


@pytest.mark.parametrize(
    "error", [EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, ConnectionClosedError]
)
def test_an_endpoint_that_is_not_reached_or_does_not_answer_has_it_too(error: Any) -> None:
    """Botocore has two families of errors for that."""
    with pytest.raises(Throttled, match="https://iot"):
        run(REQUEST, error(endpoint_url="https://iot", error="no"))


@pytest.mark.parametrize("error", [refused("AccessDeniedException", 403), PlanConflict("changed")])
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
