"""Function URLs with `AuthType: AWS_IAM`: what AWS hands to the function of a request that somebody signed.

`ask` takes it as signed by whom it names. `serve` listens on this machine and checks the signature as AWS does, with
botocore's own signer, so that a real client can be tried: it knows the secrets of the `DEMO_PEOPLE` and no others.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from playtest.local_aws import lambda_bridge, runtime

SERVICE = "lambda"
_SKEW = timedelta(minutes=5)
"""How old a signature may be."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs: by the keys of a user, or those of a role session, which come with a token."""

    user_arn: str
    access_key: str
    secret_key: str
    token: str | None = None

    @property
    def credentials(self) -> Credentials:
        """The keys as botocore wants them."""
        return Credentials(self.access_key, self.secret_key, self.token)


def person(user_arn: str) -> Person:
    """Return somebody with keys of this local AWS; the same ARN has the same keys, and a role session a token."""
    own = uuid.uuid5(uuid.NAMESPACE_URL, user_arn).hex.upper()
    if ":assumed-role/" in user_arn:
        return Person(user_arn, f"ASIA{own[:16]}", f"secret-{own}", f"token-{own}")
    return Person(user_arn, f"AKIA{own[:16]}", f"secret-{own}")


ALICE = f"arn:aws:sts::{runtime.ACCOUNT}:assumed-role/OnCall/alice"
BOB = f"arn:aws:iam::{runtime.ACCOUNT}:user/on-call/bob"
CAROL = f"arn:aws:iam::{runtime.ACCOUNT}:user/carol"
DEMO_PEOPLE = {one.access_key: one for one in map(person, (ALICE, BOB, CAROL))}
"""Who may sign at a served URL, by access key: one role session and two users."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: `query` without its question mark."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: Mapping[str, str] | None = None


def sent(body: Any) -> bytes:
    """Return a body as it is sent: bytes and text as they are, nothing for None, and all else as JSON."""
    if body is None or isinstance(body, bytes):
        return body or b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def url_event(url: str, request: Request, who: Person | None) -> dict[str, Any]:
    """Return the event that the function of `url` gets, payload format 2.0; without `who` nobody has signed.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html (accessed by its example for AWS_IAM)
    """
    domain, now = urlsplit(url).hostname or "", runtime.now()
    signed = {"iam": _iam(who)} if who else None
    context = {
        "accountId": runtime.ACCOUNT,
        "apiId": domain.partition(".")[0],
        "authentication": None,
        **({"authorizer": signed} if signed else {}),
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "playtest",
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    headers = {name.lower(): value for name, value in (request.headers or {}).items()}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": {**headers, "host": domain},
        "requestContext": context,
        **_body(request.body, headers.get("content-type", "application/json")),
    }


def _iam(who: Person) -> dict[str, Any]:
    own = who.access_key[4:]
    unique = f"AROA{own}:{who.user_arn.rpartition('/')[2]}" if who.token else f"AIDA{own}"
    return {
        "accessKey": who.access_key,
        "accountId": who.user_arn.split(":")[4],
        "callerId": unique,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": who.user_arn,
        "userId": unique,
    }


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    """AWS hands text over as it is, and anything else in base64."""
    if not body:
        return {"isBase64Encoded": False}
    if content_type.startswith(("application/json", "text/")):
        return {"body": body.decode(errors="replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def ask(function: str, url: str, request: Request, who: Person | None) -> tuple[int, Any]:
    """Run `function` (name or ARN) for a request, and return HTTP status and body as the URL answers them."""
    with runtime.current().background.under_way(f"{request.method} {request.path}"):
        invocation = lambda_bridge.run(lambda_bridge.function(function), url_event(url, request, who))
    if invocation.error is not None:
        return 502, {"Message": "Internal Server Error"}
    return int(invocation.result["statusCode"]), json.loads(invocation.result["body"])


@contextlib.contextmanager
def serve(function: str, url: str, region: str) -> Iterator[str]:
    """Listen on a free port of this machine for signed requests, and yield the address, as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, parts.path, parts.query, body, dict(self.headers.items()))
            try:
                self.say(*ask(function, url, request, signed_by(request, region)))
            except NotSigned as error:
                self.say(403, {"message": str(error)}, {"x-amzn-ErrorType": error.name})

        def say(self, status: int, said: Any, headers: Mapping[str, str] | None = None) -> None:
            text = json.dumps(said).encode()
            self.send_response(status)
            told = {"Content-Type": "application/json", "Content-Length": str(len(text)), **(headers or {})}
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
            """Stay silent: what was asked is in the calls and the invocations."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="function URLs", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class NotSigned(Exception):
    """AWS refuses the request before its function sees it. `name` is what `x-amzn-ErrorType` says."""

    def __init__(self, name: str, message: str) -> None:
        """Refuse with AWS's own name and message."""
        super().__init__(message)
        self.name = name


def signed_by(request: Request, region: str) -> Person:
    """Return who has signed the request; raises NotSigned, as AWS refuses it."""
    headers = {name.lower(): value for name, value in (request.headers or {}).items()}
    algorithm, _, rest = headers.get("authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= parts.keys():
        raise NotSigned("MissingAuthenticationTokenException", "Missing Authentication Token")
    access_key, *scope = parts["Credential"].split("/")
    who = DEMO_PEOPLE.get(access_key)
    if who is None or headers.get("x-amz-security-token") != who.token:
        raise NotSigned("UnrecognizedClientException", "The security token included in the request is invalid.")
    names, moment = parts["SignedHeaders"].split(";"), headers.get("x-amz-date", "")
    if scope[1:] != [region, SERVICE, "aws4_request"]:
        raise NotSigned("InvalidSignatureException", f"Credential should be scoped to a valid region, {region}.")
    if not _is_fresh(moment) or not {"host", "x-amz-date"} <= set(names):
        raise NotSigned("InvalidSignatureException", f"Signature expired: {moment} is not within 5 minutes of now")
    expected = _signature(request, {name: headers.get(name, "") for name in names}, who, moment, region)
    if not hmac.compare_digest(expected, parts["Signature"]):
        message = "The request signature we calculated does not match the signature you provided."
        raise NotSigned("InvalidSignatureException", message)
    return who


def _is_fresh(moment: str) -> bool:
    try:
        signed = datetime.strptime(moment, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    # Real time, since the client's clock is no virtual one.
    return abs(datetime.now(UTC) - signed) <= _SKEW


def _signature(request: Request, headers: Mapping[str, str], who: Person, moment: str, region: str) -> str:
    address = f"http://{headers['host']}{request.path}" + (f"?{request.query}" if request.query else "")
    signed = AWSRequest(method=request.method, url=address, data=request.body or None, headers=dict(headers))
    signed.context["timestamp"] = moment
    signer = SigV4Auth(who.credentials, SERVICE, region)
    signature: str = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    return signature
