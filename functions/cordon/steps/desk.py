"""How people act: one function URL, signed requests only. What was decided, and by whom, only the desk records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from pydantic import ValidationError

from cordon import clients, clock, settings
from cordon.errors import (
    AlreadyDecided,
    BadRequest,
    Expired,
    IncidentNotFound,
    NoIdentity,
    NotPending,
    Refused,
    RequestIdUsed,
    RetryLater,
    SameIdentity,
    StalePolicy,
    Throttled,
    TooLarge,
    UnknownIncident,
    UnknownMethod,
    UnknownRoute,
    WrongPlan,
)
from cordon.incidents.approvals import Approvals
from cordon.model.approval import GivenDecision, Verdict
from cordon.model.text import quoted
from cordon.observability import logger
from cordon.response.deciding import resume
from cordon.response.identity import Identity, identity_of
from cordon.response.policy_store import Policies
from cordon.response.responding import Responding, Wanted
from cordon.response.showing import Showing
from cordon.response.url_request import (
    ApprovalGiven,
    Asked,
    Nothing,
    PlanAsked,
    PolicyPushed,
    RejectionGiven,
    ResponseAsked,
    UrlEvent,
    body_of,
)
from cordon.steps.step import assessor, bus, incidents, passes, policies

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Json = dict[str, Any]
STATUS: dict[type[Refused], HTTPStatus] = {
    NoIdentity: HTTPStatus.FORBIDDEN,
    BadRequest: HTTPStatus.BAD_REQUEST,
    UnknownRoute: HTTPStatus.NOT_FOUND,
    UnknownMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnknownIncident: HTTPStatus.NOT_FOUND,
    RequestIdUsed: HTTPStatus.CONFLICT,
    NotPending: HTTPStatus.CONFLICT,
    Expired: HTTPStatus.CONFLICT,
    WrongPlan: HTTPStatus.CONFLICT,
    AlreadyDecided: HTTPStatus.CONFLICT,
    SameIdentity: HTTPStatus.CONFLICT,
    StalePolicy: HTTPStatus.CONFLICT,
}
"""Which HTTP status goes with which refusal: every one of them has its own name in the answer besides."""
_KNOWN_PLAYBOOKS = frozenset({"contain_thing"})


@dataclass(frozen=True)
class Desk:
    """Everything that the desk reads and writes."""

    showing: Showing
    responding: Responding
    approvals: Approvals
    policies: Policies
    stepfunctions: SFNClient

    def respond(self, _: str, who: Identity, asked: ResponseAsked) -> Json:
        """Start a playbook for a person: its plan will be put before people, whatever the mode is."""
        self._require_known(asked.playbook)
        wanted = Wanted(who.name, asked.playbook, asked.thing_name, asked.reason, asked.request_id)
        became, incident = self.responding.respond(wanted)
        return {"incident_id": incident.id, "became": became, "status": incident.status, "identity": who.name}

    def plan(self, _: str, _who: Identity, asked: PlanAsked) -> Json:
        """Show what a playbook would do."""
        self._require_known(asked.playbook)
        return self.showing.dry_run(asked.playbook, asked.thing_name)

    def show(self, incident_id: str, _who: Identity, _: Nothing) -> Json:
        """Show an incident."""
        return self.showing.incident(incident_id)

    def approve(self, incident_id: str, who: Identity, asked: ApprovalGiven) -> Json:
        """Record that a person approves the plan with that hash."""
        return self._decide(incident_id, who, asked.plan_hash, Verdict.APPROVE, None)

    def reject(self, incident_id: str, who: Identity, asked: RejectionGiven) -> Json:
        """Record that a person rejects it."""
        return self._decide(incident_id, who, asked.plan_hash, Verdict.REJECT, asked.reason)

    def policy(self, _: str, _who: Identity, _nothing: Nothing) -> Json:
        """Show the response policy in force, and a push that waits for a second person."""
        found, waiting = self.policies.in_force_now(), self.policies.proposal()
        return {
            "policy": found.policy.model_dump(mode="json") if found.policy else None,
            "version": found.version,
            "hash": found.hash,
            "trouble": found.trouble,
            "proposal": waiting.model_dump(mode="json") if waiting else None,
        }

    def push(self, _: str, who: Identity, asked: PolicyPushed) -> Json:
        """Put a response policy in force, or propose it, where it takes a second person to push the same."""
        return self.policies.push(asked.policy, by=who.name, base=asked.base).model_dump(mode="json")

    def _decide(self, incident_id: str, who: Identity, plan_hash: str, verdict: Verdict, reason: str | None) -> Json:
        self.showing.incidents.get(incident_id)
        said = GivenDecision(identity=who.name, user_arn=who.user_arn, verdict=verdict, reason=reason, at=clock.now())
        request = self.approvals.decide(incident_id, plan_hash, said)
        if request.is_decided:
            resume(self.stepfunctions, request)  # again too, where the same was said before: the desk may have died
        return {
            "incident_id": incident_id,
            "status": request.status,
            "identity": who.name,
            "approved_by": [one.identity for one in request.decisions if one.verdict is Verdict.APPROVE],
            "identities_needed": request.identities_needed,
        }

    def _require_known(self, playbook: str) -> None:
        policy = self.policies.in_force().policy
        known = _KNOWN_PLAYBOOKS | (set(policy.playbooks) if policy else set())
        if playbook not in known:
            raise BadRequest(
                f"{quoted(playbook)} is no playbook; there are {', '.join(sorted(known))}", field="playbook"
            )


@dataclass(frozen=True)
class Route:
    """One path with its methods: for each, the body that it takes and what is done with it."""

    path: re.Pattern[str]
    methods: dict[str, tuple[type[Asked], Callable[..., Json]]]


_ID = r"(inc-\d{8}-[0-9a-f]{10})"
ROUTES = (
    Route(re.compile("/respond"), {"POST": (ResponseAsked, Desk.respond)}),
    Route(re.compile("/policy"), {"GET": (Nothing, Desk.policy), "POST": (PolicyPushed, Desk.push)}),
    Route(re.compile("/plan"), {"POST": (PlanAsked, Desk.plan)}),
    Route(re.compile(f"/incidents/{_ID}"), {"GET": (Nothing, Desk.show)}),
    Route(re.compile(f"/incidents/{_ID}/approve"), {"POST": (ApprovalGiven, Desk.approve)}),
    Route(re.compile(f"/incidents/{_ID}/reject"), {"POST": (RejectionGiven, Desk.reject)}),
)


def answer(desk: Desk, event: UrlEvent) -> Json:
    """Do what the event asks, in the name of whoever signed it.

    Raises:
        Refused: it is not done, and nothing was changed.
    """
    policy = desk.policies.in_force().policy
    pinned = policy.identities.session_name_pinned_roles if policy else []
    signed = (event.context.authorizer or {}).get("iam")
    who = identity_of(signed, account=desk.responding.account, pinned_roles=pinned)
    kind, work, subject = _routed(event)
    asked = body_of(kind, event)
    logger().info("asked", extra={"path": event.path, "identity": who.name, "user_arn": who.user_arn})
    try:
        return work(desk, subject, who, asked)
    except IncidentNotFound as error:
        raise UnknownIncident(str(error)) from error


def _routed(event: UrlEvent) -> tuple[type[Asked], Callable[..., Json], str]:
    if event.query:
        raise BadRequest("the desk takes no query", field="rawQueryString")
    for route in ROUTES:
        if found := route.path.fullmatch(event.path):
            if event.context.http.method not in route.methods:
                raise UnknownMethod(f"{event.path} takes {', '.join(route.methods)}")
            kind, work = route.methods[event.context.http.method]
            return kind, work, found[1] if found.groups() else ""
    raise UnknownRoute(f"the desk has no {quoted(event.path)}")


def desk() -> Desk:
    """Return the desk over the stack's resources."""
    record, region = incidents(), clients.iot().meta.region_name
    account = settings.current().account_id
    showing = Showing(record, Approvals(record), policies(), assessor(), region)
    return Desk(
        showing, Responding(record, bus(), account, region), Approvals(record), policies(), clients.stepfunctions()
    )


def _http(status: HTTPStatus, content: Json) -> Json:
    body = json.dumps(content, default=str)
    return {"statusCode": int(status), "headers": {"Content-Type": "application/json"}, "body": body}


def _refused(error: Exception, status: HTTPStatus, field: str | None = None) -> Json:
    said = {"error": type(error).__name__, "message": str(error), **({"field": field} if field else {})}
    return _http(status, said)


def lambda_handler(event: Json, context: Any) -> Json:
    """Answer one request. What is no fault of the request's is raised, counted and answered by AWS with 502."""
    logger().structure_logs(append=True, function_request_id=context.aws_request_id)
    try:
        parsed = UrlEvent.model_validate(event)
    except ValidationError:
        return _refused(NoIdentity("this is no request of a function URL"), HTTPStatus.FORBIDDEN)
    try:
        return _http(HTTPStatus.OK, answer(desk(), parsed))
    except Refused as error:
        logger().info("refused", extra={"error": type(error).__name__, "path": parsed.path})
        return _refused(error, STATUS[type(error)], error.field)
    except RetryLater as error:
        return _refused(error, HTTPStatus.SERVICE_UNAVAILABLE)
    except (ClientError, NotConnected, HTTPClientError) as error:
        if isinstance(error, ClientError) and not passes(error):
            raise
        return _refused(Throttled("AWS does not answer just now"), HTTPStatus.SERVICE_UNAVAILABLE)
