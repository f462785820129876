"""What every step has around it: parsing, logging, and AWS's errors under our names. One decorator, one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from pydantic import BaseModel, ConfigDict, Field

from cordon import clients, settings
from cordon.actions import actions_by_name
from cordon.actions.action import Action
from cordon.actions.sts_deny import StsDeny
from cordon.actions.sts_policy import StsPolicy
from cordon.errors import Throttled
from cordon.incidents.bus import Bus
from cordon.incidents.connections import Connections
from cordon.incidents.evidence import Evidence
from cordon.incidents.holds import Holds
from cordon.incidents.pacing import Pace
from cordon.incidents.record import Incidents
from cordon.incidents.sts_holds import StsHolds
from cordon.incidents.table import Table
from cordon.model.base import Word
from cordon.model.response_policy import ResponsePolicy
from cordon.observability import logger
from cordon.response.assessment import Assessor
from cordon.response.containment import ContainmentPlanner
from cordon.response.policy_store import Policies
from cordon.response.sts_leg import StsLegs
from cordon.things.facts import ThingReader
from cordon.things.role_aliases import RoleAliasReader
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.pager import Pager
from cordon.tickets.tickets import Tickets

_PASSING = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "ProvisionedThroughputExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalFailureException",
        "InternalServerError",
    }
)
"""Error codes of AWS for trouble that passes. A quota that is full (LimitExceededException) is not among them."""
_TOO_MANY_REQUESTS, _SERVER_ERRORS = 429, 500
"""HTTP statuses: from the second on AWS itself has failed, and each service has its own word for it."""


class StepRequest(BaseModel):
    """What a state hands to its function: the incident, and which execution and state ask."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    incident_id: str = Field(pattern=r"^inc-\d{8}-[0-9a-f]{10}$")
    execution: str
    """ARN of the execution."""
    state: str


class StepResult(Word):
    """What a step hands back to its playbook, where it has anything to say."""


Request = TypeVar("Request", bound=BaseModel)


def step(request: type[Request]) -> Callable[[Callable[[Request], StepResult]], Callable[[dict[str, Any], Any], Any]]:
    """Make a handler of a function from a request (of the type given) to a result.

    The handler raises what the function raises, except that AWS's passing trouble becomes `Throttled`, of any service,
    so that the playbook's Retry knows it. A request that does not parse is pydantic's ValidationError: to a person.
    """

    def decorate(work: Callable[[Request], StepResult]) -> Callable[[dict[str, Any], Any], Any]:
        @wraps(work)
        def handler(event: dict[str, Any], context: Any) -> Any:
            log = logger()
            log.structure_logs(append=True, function_request_id=context.aws_request_id)
            log.info("begin", extra={"request": {k: v for k, v in event.items() if k in StepRequest.model_fields}})
            try:
                return work(request.model_validate(event)).model_dump(mode="json")
            except ClientError as error:
                if passes(error):
                    raise Throttled(str(error)) from error
                raise
            except (NotConnected, HTTPClientError) as error:  # no connection, or no answer in time
                raise Throttled(str(error)) from error

        return handler

    return decorate


def passes(error: ClientError) -> bool:
    """Say whether AWS's answer tells of trouble that passes by itself."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] in _PASSING or status == _TOO_MANY_REQUESTS or status >= _SERVER_ERRORS


def incidents() -> Incidents:
    """Return the record over the stack's table."""
    return Incidents(Table(clients.dynamodb(), settings.current().table))


def evidence() -> Evidence:
    """Return the evidence over the stack's bucket."""
    return Evidence(clients.s3(), settings.current().evidence_bucket, incidents().table)


def bus() -> Bus:
    """Return Cordon's bus."""
    return Bus(clients.events(), settings.current().bus)


def pager() -> Pager:
    """Return the pager over the stack's topic."""
    return Pager(clients.sns(), settings.current().page_topic_arn)


def tickets() -> Tickets:
    """Return the tickets in OpsCenter."""
    return Tickets(incidents().table, OpsCenter(clients.ssm()))


def things(policy: ResponsePolicy | None = None) -> ThingReader:
    """Return a reader of AWS IoT. A new one each time: it remembers what it read."""
    recorded = Connections(incidents().table)
    return ThingReader(clients.iot(), clients.iot_data(), policy=policy, recorded=recorded)


def assessor() -> Assessor:
    """Return what looks at an incident and plans, over the stack's resources."""
    current = settings.current()
    holds = Holds(incidents().table)
    sts = StsLegs(
        lambda: RoleAliasReader(clients.iot(), clients.iam()),
        current.sts_policy_arn,
        StsHolds(incidents().table).is_held,
    )
    planner = ContainmentPlanner.over(clients.iot(), current.account_id, current.quarantine_group, holds=holds, sts=sts)
    return Assessor(
        incidents(),
        things,
        planner,
        account=current.account_id,
        region=clients.iot().meta.region_name,
    )


@cache
def policies() -> Policies:
    """Return the response policy's place. One for the life of the runtime: it remembers the policy for a while."""
    return Policies(clients.s3(), settings.current().policy_bucket, incidents().table)


def actions() -> dict[str, Action]:
    """Return every action, by its name."""
    pace = Pace(incidents().table)
    return actions_by_name(clients.iot(), settings.current().account_id, sts_deny(), pace=pace)


def sts_deny() -> StsDeny:
    """Return what denies sessions of AWS credentials. Its client of IAM is made when it is first asked."""
    current = settings.current()
    return StsDeny(
        StsHolds(incidents().table), StsPolicy(clients.iam, current.sts_policy_arn), table_name=current.table
    )
