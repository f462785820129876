from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, UnauthorizedSSOTokenError

from oncall.desk_connection import Whereabouts, connect
from oncall.errors import BadUsage, CommandError, DeskRefused, DeskUnreached, Failed
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
A_URL = "https://abc123.lambda-url.eu-central-1.on.aws/"
FORBIDDEN = {"Message": "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws"}


def where(**changed: Any) -> Whereabouts:
    """Where a person says that the desk is: nothing, unless it is said."""
    return Whereabouts(**{"desk": None, "stack": "cordon", "profile": None, "region": None, **changed})


def test_what_is_asked_is_signed_by_the_person_and_comes_through_whole(desk: SignedDesk) -> None:
    """The desk works the signature out for itself, over body and path; the answer is the object that it sent."""
    desk.will_say((200, {"plan_hash": "abc"}))
    client = connect(where(desk=desk.url))
    assert client.ask("POST", "/plan", {"thing_name": "Pümpe/01"}) == {"plan_hash": "abc"}
    assert client.ask("GET", "/incidents/inc-20261123-0123456789") == {"plan_hash": "abc"}
    first, second = desk.asked
    assert (first.method, first.path, first.body) == ("POST", "/plan", {"thing_name": "Pümpe/01"})
    assert (second.method, second.path, second.body) == ("GET", "/incidents/inc-20261123-0123456789", None)
    assert (first.key, first.token) == ("AKIDMARIA", None)


def test_the_credentials_are_those_of_the_profile_that_is_named(desk: SignedDesk, person: pytest.MonkeyPatch) -> None:
    """`--profile` goes before what stands in the environment, and its session token goes along."""
    keys = "aws_access_key_id = AKIDOTTO\naws_secret_access_key = otto's secret\naws_session_token = a-token\n"
    Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(f"[otto]\n{keys}")
    desk.will_say((200, {}))
    connect(where(desk=desk.url, profile="otto")).ask("GET", "/policy")
    assert [(asked.key, asked.token) for asked in desk.asked] == [("AKIDOTTO", "a-token")]


@pytest.mark.parametrize(
    ("status", "said", "headers", "kind", "exit_status", "words"),
    [
        (
            409,
            {"error": "PlanChanged", "message": "it is not", "field": "plan_hash"},
            {},
            DeskRefused,
            1,
            "plan_hash: it",
        ),
        (
            400,
            {"error": "BadRequest", "message": "too long", "field": "reason"},
            {},
            DeskRefused,
            2,
            "reason: too long",
        ),
        (404, {"error": "NoSuchIncident", "message": "there is none"}, {}, DeskRefused, 2, "NoSuchIncident"),
        (403, {"error": "NotYou", "message": "no identity"}, {}, DeskRefused, 1, "no identity"),
        (403, FORBIDDEN, {"x-amzn-ErrorType": "AccessDeniedException"}, Failed, 1, "lambda:InvokeFunctionUrl"),
        (403, {"message": "The security token included in the request is expired"}, {}, Failed, 1, "have expired"),
        (403, {"message": "Credential should be scoped to a valid region."}, {}, Failed, 1, "Region eu-central-1"),
        (403, {"message": "Signature expired: 20261123T1 is now earlier"}, {}, Failed, 1, "this machine's clock"),
        (403, {"message": "The security token included in the request is invalid."}, {}, Failed, 1, "does not take"),
        (502, {"Message": None}, {}, DeskUnreached, 1, "HTTP 502"),
        (502, b"<html>", {}, DeskUnreached, 1, "HTTP 502"),
        (429, {"Reason": "ConcurrentInvocationLimitExceeded"}, {}, DeskUnreached, 1, "try again"),
        (404, b"<html>", {}, Failed, 1, "not a desk"),
        (403, b"<html>", {}, Failed, 1, "not a desk"),
        (301, b"", {"Location": "http://127.0.0.1:1/"}, Failed, 1, "not a desk"),
        (200, b"[]", {}, Failed, 1, "not a desk"),
        (200, b"[" * 100_000, {}, Failed, 1, "not a desk"),
        (200, b"\xff", {}, Failed, 1, "not a desk"),
    ],
)
def test_whatever_is_wrong_is_told_in_words_and_as_an_exit_status(
    desk: SignedDesk, *, status: int, said: Any, headers: Any, kind: type[CommandError], exit_status: int, words: str
) -> None:
    """The desk's own refusals are told apart from AWS's check before it, from passing trouble and from strangers."""
    desk.will_say((status, said, headers))
    with pytest.raises(kind) as caught:
        connect(where(desk=desk.url)).ask("POST", "/plan", {})
    assert type(caught.value) is kind
    assert (caught.value.status, words in str(caught.value)) == (exit_status, True)


def test_a_signature_by_another_secret_is_not_taken(desk: SignedDesk, person: pytest.MonkeyPatch) -> None:
    """The desk of these tests does check: with another secret nothing comes through."""
    person.setenv("AWS_SECRET_ACCESS_KEY", "somebody else's")
    with pytest.raises(Failed, match="AWS does not take your credentials"):
        connect(where(desk=desk.url)).ask("GET", "/policy")
    assert desk.asked == []


def test_no_proxy_sees_what_is_asked_on_this_machine(desk: SignedDesk, person: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is for the web: what goes over loopback is not encrypted."""
    person.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    person.setenv("http_proxy", "http://127.0.0.1:1")
    desk.will_say((200, {}))
    assert connect(where(desk=desk.url)).ask("GET", "/policy") == {}


def test_a_desk_that_is_not_there_is_told(person: pytest.MonkeyPatch) -> None:
    """A port at which nobody listens is one line, with the URL that was asked."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(DeskUnreached, match=f"the desk at {url} cannot be reached"):
            connect(where(desk=url)).ask("GET", "/policy")


def test_a_desk_that_says_nothing_leaves_open_what_became_of_it(person: pytest.MonkeyPatch) -> None:
    """Time-outs: who connects and hears nothing is told that the request may have been carried out."""
    person.setattr("oncall.desk_connection._TIMEOUTS", (0.2, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = connect(where(desk=f"http://127.0.0.1:{mute.getsockname()[1]}"))
        with pytest.raises(DeskUnreached, match="it is not known what came of the request"):
            client.ask("POST", "/respond", {})


@pytest.mark.parametrize(
    "url",
    [
        "http://abc123.lambda-url.eu-central-1.on.aws/",
        "https://evil.example/",
        "https://abc123.lambda-url.eu-central-1.on.aws.evil.example/",
        "https://me@abc123.lambda-url.eu-central-1.on.aws/",
        "https://abc123.lambda-url.eu-central-1.on.aws/?a=b",
        "https://[",
        "http://127.0.0.1:port/",
        "abc123",
        "-",
    ],
)
def test_a_url_that_no_desk_has_gets_no_signature(person: pytest.MonkeyPatch, url: str) -> None:
    """A session token is as good as a password until it expires: it goes to AWS or to this machine, and encrypted."""
    with pytest.raises(BadUsage, match="--desk: found"):
        connect(where(desk=url))


def test_the_region_is_the_one_in_which_the_desk_is(person: pytest.MonkeyPatch) -> None:
    """The URL of a desk names it; who names another by hand is told, whatever the environment says."""
    person.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert connect(where(desk=A_URL)).url == A_URL.rstrip("/")
    with pytest.raises(BadUsage, match="--region: found 'eu-west-1', expected eu-central-1, where this desk is"):
        connect(where(desk=A_URL, region="eu-west-1"))


@pytest.mark.parametrize(
    ("without", "asked", "kind", "words"),
    [
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], {"desk": A_URL}, Failed, "no AWS credentials: sign in"),
        (["AWS_SECRET_ACCESS_KEY"], {"desk": A_URL}, Failed, "cannot be used: Partial credentials"),
        ([], {"desk": A_URL, "profile": "nobody"}, BadUsage, "--profile: found 'nobody'"),
        (["AWS_DEFAULT_REGION"], {"desk": "http://127.0.0.1:1"}, BadUsage, "--region: found null, expected one that"),
        (["AWS_DEFAULT_REGION"], {}, BadUsage, "--region: found null, expected one that"),
        ([], {"region": "no region"}, BadUsage, "--region: found 'no region'"),
    ],
)
def test_without_credentials_or_region_nothing_is_asked(
    person: pytest.MonkeyPatch, without: list[str], asked: dict[str, Any], kind: type[CommandError], words: str
) -> None:
    """What is missing in a person's AWS configuration is said, with what to do about it."""
    for name in without:
        person.delenv(name)
    with pytest.raises(kind) as caught:
        connect(where(**asked))
    assert words in str(caught.value)


def test_a_sign_in_that_is_over_is_told_with_what_to_do(person: pytest.MonkeyPatch) -> None:
    """IAM Identity Center's cached token runs out in the middle of the day."""

    def over(*_: object) -> None:
        raise UnauthorizedSSOTokenError

    person.setattr("boto3.Session.get_credentials", over)
    with pytest.raises(Failed, match="have expired: sign in again"):
        connect(where(desk=A_URL))


class CloudFormation:
    """What CloudFormation says of stacks: one with outputs, or an error."""

    def __init__(self, said: dict[str, str] | tuple[str, str]) -> None:
        self.said = said

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's own spelling
        """Describe the stack."""
        if isinstance(self.said, tuple):
            code, message = self.said
            raise ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.said.items()]
        return {"Stacks": [{"StackName": StackName, "Outputs": outputs}]}


def test_the_desk_is_found_by_its_stack(person: pytest.MonkeyPatch) -> None:
    """Without a URL the stack's outputs tell it."""
    person.setattr("boto3.Session.client", lambda *_, **__: CloudFormation({"DeskUrl": A_URL}))
    assert connect(where()).url == A_URL.rstrip("/")


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ({"PageTopicArn": "arn"}, Failed, "has no output DeskUrl"),
        (("ValidationError", "Stack with id cordon does not exist"), BadUsage, "--stack: found 'cordon', expected a"),
        (("AccessDenied", "not authorized"), Failed, "cloudformation:DescribeStacks"),
        (("ExpiredToken", "expired"), Failed, "have expired: sign in again"),
        (("Throttling", "Rate exceeded"), Failed, "Rate exceeded"),
    ],
)
def test_a_stack_that_tells_no_desk_is_one_line(
    person: pytest.MonkeyPatch, said: Any, kind: type[CommandError], words: str
) -> None:
    """Not deployed, too old, not readable, or not now: each has its own words."""
    person.setattr("boto3.Session.client", lambda *_, **__: CloudFormation(said))
    with pytest.raises(kind) as caught:
        connect(where())
    assert words in str(caught.value)
