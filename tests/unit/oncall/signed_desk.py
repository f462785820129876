"""A desk on this machine that answers what a test tells it to, once it has checked the signature for itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRETS = {"AKIDMARIA": "maria's secret", "AKIDOTTO": "otto's secret"}
REGION = "eu-central-1"

Json = dict[str, Any]


@dataclass
class Asked:
    """One request whose signature was right: what was asked, by which key, and whether a session token came along."""

    method: str
    path: str
    body: Any
    key: str
    token: str | None


@dataclass
class SignedDesk:
    """Answers each request with the next of `answers` (status, what is said, headers); the last one stays."""

    url: str = ""
    answers: list[tuple[int, Any, Json]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def will_say(self, *answers: tuple[int, Any] | tuple[int, Any, Json]) -> None:
        """Answer this from now on, one after the other."""
        self.answers[:] = [(*answer, {}) if len(answer) == 2 else answer for answer in answers]

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[int, Any, Json]:
        """Check the signature, remember what was asked, and return the answer."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        key = signer(handler.command, handler.path, dict(handler.headers), body)
        if key is None:
            return 403, {"message": "The request signature we calculated does not match"}, {}
        said = json.loads(body) if body else None
        self.asked.append(Asked(handler.command, handler.path, said, key, handler.headers.get("X-Amz-Security-Token")))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def signer(method: str, path: str, headers: dict[str, str], body: bytes) -> str | None:
    """The access key that signed a request for Lambda, as AWS's own page says to work it out; None if none did.

    (IAM User Guide, "Create a signed AWS API request"; no query string is used here.)
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    scheme, _, rest = lower.get("authorization", "").partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",")) if scheme == "AWS4-HMAC-SHA256" else {}
    key, _, scope = parts.get("Credential", "").partition("/")
    day, region, service, end = (scope.split("/") + [""] * 4)[:4]
    if key not in SECRETS or (region, service, end) != (REGION, "lambda", "aws4_request"):
        return None
    names = parts["SignedHeaders"].split(";")
    canonical = "\n".join(
        [method, path, "", *(f"{name}:{lower[name]}" for name in names), "", ";".join(names), _sha256(body)]
    )
    to_sign = "\n".join(["AWS4-HMAC-SHA256", lower["x-amz-date"], scope, _sha256(canonical.encode())])
    derived = f"AWS4{SECRETS[key]}".encode()
    for part in (day, region, service, end, to_sign):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    return key if hmac.compare_digest(derived.hex(), parts["Signature"]) else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def signed_desk() -> Iterator[SignedDesk]:
    """Open such a desk on a port of loopback, and close it."""
    desk = SignedDesk()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            status, said, headers = desk.answer(self)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - http.server calls them by these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that its base has
            """Say nothing on standard error: that is the command's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    desk.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield desk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
