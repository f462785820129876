"""One request of the desk's function URL, read and checked: what AWS has verified, and what the caller wrote."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cordon.alarms.untrusted_json import json_object
from cordon.errors import AlarmRejected, BadRequest, TooLarge
from cordon.model.known_good import KnownGood
from cordon.model.mistake import mistakes
from cordon.model.response_policy import ResponsePolicy
from cordon.model.thing import THING_NAME

LONGEST_BODY = 256 * 1024
"""Bytes: more than any response policy has."""


class Asked(BaseModel):
    """A body that the desk takes: a field that it does not know is an error, so that a typo is not silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class PlanAsked(Asked):
    """POST /plan."""

    playbook: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=64)]
    thing_name: Annotated[str, Field(pattern=f"^{THING_NAME.pattern}$")]


class ResponseAsked(PlanAsked):
    """POST /respond."""

    reason: Reason
    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None


class ApprovalGiven(Asked):
    """POST /incidents/{id}/approve."""

    plan_hash: Hash


class RejectionGiven(ApprovalGiven):
    """POST /incidents/{id}/reject."""

    reason: Reason | None = None


class PolicyPushed(Asked):
    """POST /policy: a response policy, and the hash of the one that its author has seen in force."""

    policy: ResponsePolicy
    base: Hash | None = None


class ThingNamed(Asked):
    """POST /known-good/capture."""

    thing_name: Annotated[str, Field(pattern=f"^{THING_NAME.pattern}$")]


class CheckAsked(ThingNamed):
    """POST /known-good/check: a definition to compare with, instead of the one in force."""

    definition: KnownGood | None = None


class KnownGoodSigned(Asked):
    """POST /known-good: a definition, and the hash of the one that its author has seen in force."""

    definition: KnownGood
    base: Hash | None = None


class Nothing(Asked):
    """A request without a body."""


class HttpPart(BaseModel):
    """`requestContext.http`."""

    method: str


class RequestContext(BaseModel):
    """`requestContext`, as far as it is read. `authorizer.iam` is what AWS has verified."""

    domain_name: str = Field(alias="domainName", pattern=r"^[a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.[a-z.]+$")
    authorizer: dict[str, dict[str, Any] | None] | None = None
    http: HttpPart


class UrlEvent(BaseModel):
    """What a function URL hands over, payload format 2.0 (Lambda, "Invoking function URLs")."""

    version: Literal["2.0"]
    route_key: Literal["$default"] = Field(alias="routeKey")
    path: str = Field(alias="rawPath")
    query: str = Field(alias="rawQueryString")
    context: RequestContext = Field(alias="requestContext")
    body: str | None = None
    is_base64: bool = Field(default=False, alias="isBase64Encoded")


def body_of(kind: type[Asked], event: UrlEvent) -> Asked:
    """Return the body of the event as the kind that its route takes.

    Raises:
        TooLarge, BadRequest: it is none; names the first field that is wrong.
    """
    text = event.body or ""
    if len(text) > LONGEST_BODY * 4 / 3:
        raise TooLarge(f"a body has {LONGEST_BODY} bytes at most")
    try:
        text = b64decode(text, validate=True).decode() if event.is_base64 else text
        return kind.model_validate(json_object(text, field="body") if text else {})
    except AlarmRejected as error:
        raise BadRequest(f"the body is not {error.expected}", field="body") from error
    except ValidationError as error:
        first = mistakes(error)[0]
        field = ".".join(map(str, first.location))
        raise BadRequest(f"{field}: found {first.found}, expected {first.expected}", field=field) from error
    except ValueError as error:
        raise BadRequest("the body is not text", field="body") from error
