"""The desk takes signed requests that it knows, and refuses all others by name, with nothing changed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from cordon.model.incident import IncidentStatus, Mode
from cordon.response.url_request import LONGEST_BODY

from playtest.fleet import diff
from playtest.local_aws import LocalAws, function_urls
from playtest.local_aws.function_urls import ALICE, BOB, Person, Request, person
from playtest.run.demo_policy import demo_policy
from playtest.run.record import Record
from tests.e2e.answers import Up, approve, at_rest, the_incident

WANTED = {"playbook": "contain_thing", "thing_name": "pump-01", "reason": "seen at the gate"}
NOWHERE = "inc-20261123-0123456789"
HASH = "0" * 64


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS in automatic mode: what people ask for is put before people all the same."""
    return up()


def table(aws: LocalAws) -> list[Any]:
    """Everything that is recorded."""
    return list(aws.client("dynamodb").scan(TableName=aws.stack.resource("IncidentsTable"))["Items"])


def test_what_a_person_asks_for_waits_for_approval_whatever_the_mode(aws: LocalAws) -> None:
    """The incident names who asked and why; nothing is changed before somebody approves, and then it is."""
    before = aws.fleet.snapshot()
    status, said = aws.ask_desk(BOB, "POST", "/respond", WANTED)
    aws.settle()
    incident = the_incident(aws)
    assert (status, said["incident_id"], said["became"]) == (200, incident.id, "opened")
    assert (incident.status, incident.requested_by) == (IncidentStatus.AWAITING_APPROVAL, BOB)
    assert "seen at the gate" in incident.summary
    assert diff(before, aws.fleet.snapshot()) == []
    assert approve(aws, incident, by=ALICE).status is IncidentStatus.CONTAINED
    at_rest(aws)


def test_the_same_request_is_one_request(aws: LocalAws) -> None:
    """Sent again under its id it finds its incident; nothing else can be asked under it, and others may ask."""
    again = {**WANTED, "request_id": "at-the-gate-1"}
    answers = [aws.ask_desk(BOB, "POST", "/respond", again) for _ in range(3)]
    aws.settle()
    assert {(status, said["incident_id"]) for status, said in answers} == {(200, the_incident(aws).id)}
    status, said = aws.ask_desk(BOB, "POST", "/respond", {**again, "thing_name": "pump-02"})
    assert (status, said["error"], said["field"]) == (409, "RequestIdUsed", "request_id")
    acting = [one for one in aws.executions() if one.states[-1] != "AlreadyClaimed"]
    assert (the_incident(aws).sightings, len(acting)) == (1, 1)
    _, joined = aws.ask_desk(ALICE, "POST", "/respond", again)
    assert (joined["became"], the_incident(aws).sightings) == ("joined", 2)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(aws: LocalAws) -> None:
    """Every change with what it would hit; the plan of a request that follows has the same changes."""
    before, recorded = aws.fleet.snapshot(), table(aws)
    status, shown = aws.ask_desk(ALICE, "POST", "/plan", {"playbook": "contain_thing", "thing_name": "pump-01"})
    assert (status, shown["mode"], shown["decision"], shown["identities_needed"]) == (200, "automatic", "automatic", 1)
    assert {tuple(change["hits"]) for change in shown["plan"]["changes"]} == {("pump-01",)}
    assert (table(aws), diff(before, aws.fleet.snapshot())) == (recorded, [])
    writing = {"TransactWriteItems", "PutItem", "PutObject", "PutEvents", "SendTaskSuccess", "Publish"}
    assert [call.operation for call in aws.calls.of("DeskFunction") if call.operation in writing] == []
    aws.ask_desk(ALICE, "POST", "/respond", WANTED)
    aws.settle()
    incident = the_incident(aws)
    _, again = aws.ask_desk(ALICE, "POST", "/plan", {"playbook": "contain_thing", "thing_name": "pump-01"})
    assert (again["incident_id"], again["plan"]["hash"]) == (incident.id, incident.plan_hash)
    named = json.dumps(shown["plan"]["changes"]).replace("inc-00000000-0000000000", incident.id)
    assert json.loads(named) == again["plan"]["changes"]


def test_a_push_that_loosens_takes_two_people(up: Up) -> None:
    """From approve to automatic: one is not enough, the same one again neither; what is in force stays until then."""
    aws = up(Mode.APPROVE)
    _, before = aws.ask_desk(ALICE, "GET", "/policy")
    wider = {"policy": json.loads(demo_policy(Mode.AUTOMATIC).canonical), "base": before["hash"]}
    status, said = aws.ask_desk(ALICE, "POST", "/policy", wider)
    assert (status, said["status"], bool(said["needs"])) == (200, "proposed", True)
    status, said = aws.ask_desk(ALICE, "POST", "/policy", wider)
    assert (status, said["error"]) == (409, "SameIdentity")
    assert aws.ask_desk(ALICE, "GET", "/policy")[1]["hash"] == before["hash"]
    assert aws.ask_desk(BOB, "POST", "/policy", wider)[1]["status"] == "in_force"
    assert aws.ask_desk(ALICE, "GET", "/policy")[1]["policy"] == wider["policy"]


REFUSALS: list[tuple[str, str, Any, int, str, str | None]] = [
    ("GET", "/", None, 404, "UnknownRoute", None),
    ("GET", f"/incidents/{NOWHERE}/approve/", None, 404, "UnknownRoute", None),
    ("GET", "/incidents/../policy", None, 404, "UnknownRoute", None),
    ("GET", "/respond", None, 405, "UnknownMethod", None),
    ("DELETE", f"/incidents/{NOWHERE}", None, 405, "UnknownMethod", None),
    ("GET", f"/incidents/{NOWHERE}", None, 404, "UnknownIncident", None),
    ("POST", f"/incidents/{NOWHERE}/approve", {"plan_hash": HASH}, 404, "UnknownIncident", None),
    ("POST", f"/incidents/{NOWHERE}/approve", {"plan_hash": HASH, "by": "root"}, 400, "BadRequest", "by"),
    ("POST", f"/incidents/{NOWHERE}/approve", {}, 400, "BadRequest", "plan_hash"),
    ("POST", f"/incidents/{NOWHERE}/reject", {"plan_hash": "all"}, 400, "BadRequest", "plan_hash"),
    ("POST", "/respond", {**WANTED, "mode": "automatic"}, 400, "BadRequest", "mode"),
    ("POST", "/respond", {**WANTED, "thing_name": "pump-*"}, 400, "BadRequest", "thing_name"),
    ("POST", "/respond", {**WANTED, "reason": ""}, 400, "BadRequest", "reason"),
    ("POST", "/respond", {**WANTED, "playbook": "contain_things"}, 400, "BadRequest", "playbook"),
    ("POST", "/respond", "not JSON", 400, "BadRequest", "body"),
    ("POST", "/respond", "[" * 5000, 400, "BadRequest", "body"),
    ("POST", "/respond", '{"reason": "a", "reason": "b"}', 400, "BadRequest", "body"),
    ("POST", "/respond", b"\xff\xfe", 400, "BadRequest", "body"),
    ("POST", "/respond", " " * (2 * LONGEST_BODY), 413, "TooLarge", None),
    ("GET", "/policy", {"policy": {}}, 400, "BadRequest", "policy"),
    ("POST", "/policy", {"policy": {"playbooks": {}, "budget": -1}}, 400, "BadRequest", "policy.budget"),
]


def test_what_the_desk_does_not_know_is_refused_by_name(aws: LocalAws) -> None:
    """Unknown paths, methods, fields, incidents and bodies: a status, a name, a sentence, and nothing is recorded."""
    recorded = table(aws)
    for method, path, body, status, error, field in REFUSALS:
        found, said = aws.ask_desk(ALICE, method, path, body)
        assert (found, said["error"], said.get("field")) == (status, error, field), (method, path, body)
        assert said["message"]
        assert "Traceback" not in json.dumps(said)
    assert table(aws) == recorded
    assert Record(aws).incidents() == []
    assert [one.error for one in aws.invocations if one.error] == []


def forgeries(event: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What somebody who invokes the function directly might send, by what is wrong with it."""
    made: dict[str, dict[str, Any]] = {"no event": {}, "a step's request": {"incident_id": NOWHERE}}
    changes: dict[str, tuple[tuple[str, ...], Any]] = {
        "payload format 1.0": (("version",), "1.0"),
        "a route of API Gateway": (("routeKey",), "POST /respond"),
        "another domain": (("requestContext", "domainName"), "abc.execute-api.eu-west-1.amazonaws.com"),
        "no HTTP": (("requestContext", "http"), None),
        "no authorizer": (("requestContext", "authorizer"), None),
        "an authorizer without IAM": (("requestContext", "authorizer"), {"lambda": {"userArn": ALICE}}),
        "no ARN": (("requestContext", "authorizer", "iam", "userArn"), None),
        "an ARN that is a list": (("requestContext", "authorizer", "iam", "userArn"), [ALICE]),
        "an account that is not the ARN's": (("requestContext", "authorizer", "iam", "accountId"), "999999999999"),
        "a name with a line break": (("requestContext", "authorizer", "iam", "userArn"), f"{BOB}\n"),
    }
    for what, (path, value) in changes.items():
        one = made[what] = copy.deepcopy(event)
        for name in path[:-1]:
            one = one[name]
        one[path[-1]] = value
    return made


def test_an_event_that_is_no_function_urls_is_refused(aws: LocalAws) -> None:
    """As far as a function can tell: who may invoke it directly could forge all of it, and nobody is granted that."""
    request = Request("POST", "/respond", body=json.dumps(WANTED).encode())
    genuine = function_urls.url_event(aws.stack.output("DeskUrl"), request, person(ALICE))
    for what, event in forgeries(genuine).items():
        answer = aws.invoke("DeskFunction", event).result
        assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (403, "NoIdentity"), what
    assert Record(aws).incidents() == []
    assert aws.invoke("DeskFunction", genuine).result["statusCode"] == 200


def sign(url: str, who: Person, method: str, path: str, body: Any = None, region: str = "eu-west-1") -> AWSRequest:
    """A request that a client of AWS signs."""
    data = None if body is None else json.dumps(body).encode()
    request = AWSRequest(method=method, url=url.rstrip("/") + path, data=data)
    SigV4Auth(who.credentials, "lambda", region).add_auth(request)
    return request


@pytest.mark.enable_socket
def test_a_served_desk_takes_what_is_signed_and_nothing_else(aws: LocalAws) -> None:
    """Real signatures over HTTP: right ones act in their signer's name, tampered, foreign and missing ones do not."""
    with aws.serve_urls() as url:
        http = URLLib3Session()
        answer = http.send(sign(url, person(ALICE), "POST", "/respond", WANTED).prepare())
        assert (answer.status_code, json.loads(answer.content)["identity"]) == (
            200,
            ALICE.replace("sts", "iam").replace("assumed-role/OnCall/alice", "role/OnCall"),
        )
        aws.settle()
        tampered = sign(url, person(BOB), "POST", "/respond", WANTED).prepare()
        tampered.body = json.dumps({**WANTED, "thing_name": "pump-02"}).encode()
        tampered.headers["Content-Length"] = str(len(tampered.body))
        unsigned = AWSRequest(method="GET", url=f"{url}policy").prepare()
        stranger = sign(url, Person(BOB, "AKIAEVE", "guessed"), "GET", "/policy").prepare()
        elsewhere = sign(url, person(BOB), "GET", "/policy", region="us-east-1").prepare()
        refused = [http.send(one) for one in (tampered, unsigned, stranger, elsewhere)]
    assert [one.status_code for one in refused] == [403] * 4
    assert [one.headers["x-amzn-ErrorType"] for one in refused] == [
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
    ]
    assert the_incident(aws).thing_name == "pump-01"
