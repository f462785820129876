"""Ask the desk, signed by the person's own credentials: the one way in which a person changes anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from oncall.aws_trouble import told_in_one_line
from oncall.desk_refusal import not_a_desk, refusal

SERVICE = "lambda"
"""Function URLs with `AuthType: AWS_IAM` want signatures for this service (AWS: "Control access to Lambda function
URLs")."""


class DeskClient:
    """The desk of one stack, as one person."""

    def __init__(self, url: str, region: str, credentials: Credentials, http: URLLib3Session) -> None:
        """Ask the desk at `url`, which is in `region`, over `http`."""
        self.url = url.rstrip("/")
        self._region, self._credentials, self._http = region, credentials, http

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the desk answers. Nothing is asked twice: whoever may ask again knows what that does.

        Raises:
            DeskRefused: the desk itself said no, and why.
            DeskUnreached: no answer of the desk came; whether it got the request is not known.
            CommandError: credentials, permission or clock are not right, or it is no desk.
        """
        with told_in_one_line(f"the desk at {self.url}"):
            answer = self._http.send(self._signed(method, path, body).prepare())
            said = _object_in(answer)
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(answer.status_code, answer.headers, said, self._region)
        if said is None:
            raise not_a_desk(answer.status_code)
        return said

    def _signed(self, method: str, path: str, body: Mapping[str, Any] | None) -> AWSRequest:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"} | ({} if data is None else {"Content-Type": "application/json"})
        request = AWSRequest(method=method, url=self.url + path, data=data, headers=headers)
        # Frozen: credentials that are being renewed must not change between two headers of one request.
        SigV4Auth(self._credentials.get_frozen_credentials(), SERVICE, self._region).add_auth(request)
        return request


def _object_in(answer: AWSResponse) -> dict[str, Any] | None:
    """Return the JSON object that was answered; None where it is none."""
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
