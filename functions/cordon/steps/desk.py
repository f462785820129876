"""How people act: one function URL, signed requests only. What was decided, and by whom, only the desk records."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from pydantic import ValidationError

from cordon import clients, clock, settings
from cordon.errors import (
    BadRequest,
    IncidentNotFound,
    NoIdentity,
    Refused,
    RetryLater,
    Throttled,
    UnknownIncident,
    UnknownMethod,
    UnknownRoute,
)
from cordon.incidents.approvals import Approvals
from cordon.model.approval import GivenDecision, Verdict
from cordon.model.text import quoted
from cordon.observability import logger
from cordon.response.deciding import resume
from cordon.response.identity import Identity, identity_of
from cordon.response.known_good_desk import KnownGoodDesk, known_good_desk
from cordon.response.policy_store import InForce, Policies
from cordon.response.responding import Responding, Wanted
from cordon.response.showing import Showing
from cordon.response.url_answer import STATUS, answered, refused
from cordon.response.url_request import (
    ApprovalGiven,
    Asked,
    CheckAsked,
    KnownGoodSigned,
    Nothing,
    PlanAsked,
    PolicyPushed,
    RejectionGiven,
    ResponseAsked,
    ThingNamed,
    UrlEvent,
    body_of,
)
from cordon.steps.step import assessor, bus, incidents, pager, passes, policies
from cordon.tickets.pager import Pager

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Json = dict[str, Any]
_KNOWN_PLAYBOOKS = frozenset({"contain_thing"})


@dataclass(frozen=True)
class Desk:
    """Everything that the desk reads and writes."""

    showing: Showing
    responding: Responding
    approvals: Approvals
    policies: Policies
    stepfunctions: SFNClient
    known_good: KnownGoodDesk
    pager: Callable[[], Pager]
    """Made when a push needs it: no other request waits for its client."""

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
        pushed = self.policies.push(asked.policy, by=who.name, base=asked.base, tell=self.pager().page)
        return pushed.model_dump(mode="json")

    def capture(self, _: str, _who: Identity, asked: ThingNamed) -> Json:
        """Make a known-good of what a healthy thing is like."""
        return self.known_good.capture(asked.thing_name, self._playbooks())

    def check(self, _: str, _who: Identity, asked: CheckAsked) -> Json:
        """Say where a thing differs from what is known to be good."""
        return self.known_good.check(asked.thing_name, asked.definition)

    def sign(self, _: str, who: Identity, asked: KnownGoodSigned) -> Json:
        """Put a known-good in force for its type."""
        return self.known_good.sign(asked.definition, by=who.name, base=asked.base)

    def show_known_good(self, thing_type: str, _who: Identity, _: Nothing) -> Json:
        """Show the known-good in force for a type."""
        return self.known_good.show(thing_type)

    def _decide(self, incident_id: str, who: Identity, plan_hash: str, verdict: Verdict, reason: str | None) -> Json:
        self.showing.incidents.get(incident_id)
        said = GivenDecision(identity=who.name, user_arn=who.user_arn, verdict=verdict, reason=reason, at=clock.now())
        request = self.approvals.decide(incident_id, plan_hash, said, policy_read=who.policy_read)
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
        known = self._playbooks()
        if playbook not in known:
            raise BadRequest(
                f"{quoted(playbook)} is no playbook; there are {', '.join(sorted(known))}", field="playbook"
            )

    def _playbooks(self) -> frozenset[str]:
        policy = self.policies.in_force().policy
        return _KNOWN_PLAYBOOKS | (set(policy.playbooks) if policy else set())


@dataclass(frozen=True)
class Route:
    """One path with its methods: for each, the body that it takes and what is done with it."""

    path: re.Pattern[str]
    methods: dict[str, tuple[type[Asked], Callable[..., Json]]]


_ID = r"(inc-\d{8}-[0-9a-f]{10})"
_TYPE = r"((?:[a-zA-Z0-9:_-]|%3A){1,128})"
"""A thing type; a client may write its colons as they are, or not."""
ROUTES = (
    Route(re.compile("/respond"), {"POST": (ResponseAsked, Desk.respond)}),
    Route(re.compile("/policy"), {"GET": (Nothing, Desk.policy), "POST": (PolicyPushed, Desk.push)}),
    Route(re.compile("/plan"), {"POST": (PlanAsked, Desk.plan)}),
    Route(re.compile("/known-good/capture"), {"POST": (ThingNamed, Desk.capture)}),
    Route(re.compile("/known-good/check"), {"POST": (CheckAsked, Desk.check)}),
    Route(re.compile("/known-good"), {"POST": (KnownGoodSigned, Desk.sign)}),
    Route(re.compile(f"/known-good/{_TYPE}"), {"GET": (Nothing, Desk.show_known_good)}),
    Route(re.compile(f"/incidents/{_ID}"), {"GET": (Nothing, Desk.show)}),
    Route(re.compile(f"/incidents/{_ID}/approve"), {"POST": (ApprovalGiven, Desk.approve)}),
    Route(re.compile(f"/incidents/{_ID}/reject"), {"POST": (RejectionGiven, Desk.reject)}),
)


def answer(desk: Desk, event: UrlEvent) -> Json:
    """Do what the event asks, in the name of whoever signed it.

    Raises:
        Refused: it is not done, and nothing was changed.
    """
    signed = (event.context.authorizer or {}).get("iam")
    who = identity_of(signed, account=desk.responding.account, pinned_roles=_pinned(desk.policies.in_force()))
    kind, work, subject = _routed(event)
    asked = body_of(kind, event)
    logger().info("asked", extra={"path": event.path, "identity": who.name, "user_arn": who.user_arn})
    try:
        return work(desk, subject, who, asked)
    except IncidentNotFound as error:
        raise UnknownIncident(str(error)) from error


def _pinned(found: InForce) -> list[str] | None:
    """Return the roles of which session names count; None: there is a policy, and it cannot be read."""
    if found.policy is None:
        return None if found.is_unreadable else []
    return found.policy.identities.session_name_pinned_roles


def _routed(event: UrlEvent) -> tuple[type[Asked], Callable[..., Json], str]:
    if event.query:
        raise BadRequest("the desk takes no query", field="rawQueryString")
    found = [(route, match) for route in ROUTES if (match := route.path.fullmatch(event.path))]
    if not found:
        raise UnknownRoute(f"the desk has no {quoted(event.path)}")
    method = event.context.http.method
    for route, match in found:  # several: a thing type may be called as another path ends
        if method in route.methods:
            return *route.methods[method], unquote(match[1]) if match.groups() else ""
    raise UnknownMethod(f"{event.path} takes {', '.join(sorted(name for route, _ in found for name in route.methods))}")


def desk() -> Desk:
    """Return the desk over the stack's resources."""
    record, region = incidents(), clients.iot().meta.region_name
    account = settings.current().account_id
    showing = Showing(record, Approvals(record), policies(), assessor(), region)
    return Desk(
        showing,
        Responding(record, bus(), account, region),
        Approvals(record),
        policies(),
        clients.stepfunctions(),
        known_good_desk(record),
        pager,
    )


def lambda_handler(event: Json, context: Any) -> Json:
    """Answer one request. What is no fault of the request's is raised, counted and answered by AWS with 502."""
    logger().structure_logs(append=True, function_request_id=context.aws_request_id)
    try:
        parsed = UrlEvent.model_validate(event)
    except ValidationError:
        return refused(NoIdentity("this is no request of a function URL"), HTTPStatus.FORBIDDEN)
    try:
        return answered(HTTPStatus.OK, answer(desk(), parsed))
    except Refused as error:
        logger().info("refused", extra={"error": type(error).__name__, "path": parsed.path})
        return refused(error, STATUS[type(error)], error.field)
    except RetryLater as error:
        return refused(error, HTTPStatus.SERVICE_UNAVAILABLE)
    except (ClientError, NotConnected, HTTPClientError) as error:
        if isinstance(error, ClientError) and not passes(error):
            raise
        return refused(Throttled("AWS does not answer just now"), HTTPStatus.SERVICE_UNAVAILABLE)
