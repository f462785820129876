"""Only the desk records what people decide, and only by its URL do people reach it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cordon import errors
from cordon.errors import Refused
from cordon.response.url_answer import STATUS
from cordon.steps.desk import ROUTES

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
WAKING = {"DeskFunctionRole", "RequestApprovalFunctionRole", "SweepFunctionRole"}
"""Who may send a token back: each only what the table says was decided."""


def actions_of(role: Json) -> set[str]:
    """Every action that a role's own policies allow."""
    found: set[str] = set()
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def test_there_is_one_function_url_and_it_takes_signed_requests_only(of_type: Json) -> None:
    """Whoever asks is whom AWS has verified; nothing else of the stack listens."""
    (url,) = of_type["AWS::Lambda::Url"].values()
    assert (url["TargetFunctionArn"], url["AuthType"]) == ({"Ref": "DeskFunction"}, "AWS_IAM")
    assert "Cors" not in url


def test_nobody_is_let_in_by_a_permission_of_the_functions_own(of_type: Json) -> None:
    """A resource policy on the desk could open it to others; there is none."""
    about = [one["FunctionName"] for one in of_type["AWS::Lambda::Permission"].values()]
    assert {"Ref": "DeskFunction"} not in about


def test_people_on_call_reach_the_desk_by_its_url_only(of_type: Json) -> None:
    """Both permissions that a function URL needs, each with its condition, on this one function."""
    statements = of_type["AWS::IAM::ManagedPolicy"]["OnCallPolicy"]["PolicyDocument"]["Statement"]
    assert {one["Effect"] for one in statements} == {"Allow"}
    assert {str(one["Resource"]) for one in statements} == {str({"Fn::GetAtt": ["DeskFunction", "Arn"]})}
    assert {one["Action"]: one["Condition"] for one in statements} == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }


def test_nothing_of_ours_may_invoke_the_desk(of_type: Json) -> None:
    """Who may invoke it past its URL could write himself any identity: no role of the stack may."""
    for name, role in of_type["AWS::IAM::Role"].items():
        invoking = [one for policy in role.get("Policies", []) for one in policy["PolicyDocument"]["Statement"]]
        granted = [one["Resource"] for one in invoking if "lambda:InvokeFunction" in str(one["Action"])]
        assert "DeskFunction" not in str(granted), name
        assert "'*'" not in str(granted), name


def test_only_what_reads_the_decision_first_may_wake_an_execution(of_type: Json) -> None:
    """SendTaskSuccess is the desk's, the sweep's and the retried request's; nobody may send a failure."""
    roles = of_type["AWS::IAM::Role"]
    assert {name for name, role in roles.items() if "states:SendTaskSuccess" in actions_of(role)} == WAKING
    assert [name for name, role in roles.items() if "states:SendTaskFailure" in actions_of(role)] == []


def test_every_refusal_has_its_status() -> None:
    """A refusal without one would be a KeyError before a person at night."""
    refusals = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Refused)}
    assert set(STATUS) == refusals - {Refused}
    assert all(400 <= status < 500 for status in STATUS.values())


def test_every_route_stands_in_the_page_of_the_desk() -> None:
    """Whoever writes a client of his own finds path and method."""
    page = (ROOT / "docs" / "desk.md").read_text()
    told = set(re.findall(r"^\| `(GET|POST) (/[^`]*)` \|", page, re.MULTILINE))
    paths = {_as_on_the_page(route.path.pattern): route.methods for route in ROUTES}
    assert told == {(method, path) for path, methods in paths.items() for method in methods}


def _as_on_the_page(pattern: str) -> str:
    """The path of a route with a name in braces for each part that is of the caller's choice."""
    return pattern.replace(r"(inc-\d{8}-[0-9a-f]{10})", "{id}").replace("((?:[a-zA-Z0-9:_-]|%3A){1,128})", "{type}")
