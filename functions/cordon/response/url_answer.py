"""What the desk's function URL answers: JSON, and for each refusal its name, its reason and a status of HTTP."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from cordon.errors import (
    AlreadyChanged,
    AlreadyDecided,
    BadRequest,
    Expired,
    KnownGoodDowngrade,
    NoIdentity,
    NotCapturable,
    NotHealthy,
    NotPending,
    PolicyUnreadable,
    Refused,
    RequestIdUsed,
    SameIdentity,
    StaleKnownGood,
    StalePolicy,
    TooLarge,
    UnfitKnownGood,
    UnknownIncident,
    UnknownMethod,
    UnknownRoute,
    UnknownThing,
    WrongPlan,
)

Json = dict[str, Any]
STATUS: dict[type[Refused], HTTPStatus] = {
    NoIdentity: HTTPStatus.FORBIDDEN,
    BadRequest: HTTPStatus.BAD_REQUEST,
    UnknownRoute: HTTPStatus.NOT_FOUND,
    UnknownMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnknownIncident: HTTPStatus.NOT_FOUND,
    RequestIdUsed: HTTPStatus.CONFLICT,
    AlreadyChanged: HTTPStatus.CONFLICT,
    NotPending: HTTPStatus.CONFLICT,
    Expired: HTTPStatus.CONFLICT,
    WrongPlan: HTTPStatus.CONFLICT,
    AlreadyDecided: HTTPStatus.CONFLICT,
    SameIdentity: HTTPStatus.CONFLICT,
    PolicyUnreadable: HTTPStatus.CONFLICT,
    StalePolicy: HTTPStatus.CONFLICT,
    UnknownThing: HTTPStatus.NOT_FOUND,
    NotHealthy: HTTPStatus.CONFLICT,
    NotCapturable: HTTPStatus.CONFLICT,
    UnfitKnownGood: HTTPStatus.BAD_REQUEST,
    KnownGoodDowngrade: HTTPStatus.CONFLICT,
    StaleKnownGood: HTTPStatus.CONFLICT,
}
"""Which HTTP status goes with which refusal: every one of them has its own name in the answer besides."""


def answered(status: HTTPStatus, content: Json) -> Json:
    """Return the answer of a function URL (payload format 2.0) with this content."""
    body = json.dumps(content, default=str)
    return {"statusCode": int(status), "headers": {"Content-Type": "application/json"}, "body": body}


def refused(error: Exception, status: HTTPStatus, field: str | None = None) -> Json:
    """Return the answer that tells an error by its name, with the field of the request that is wrong, if one is."""
    said = {"error": type(error).__name__, "message": str(error), **({"field": field} if field else {})}
    return answered(status, said)
