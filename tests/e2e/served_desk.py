"""A person at the served desk of a local AWS: how the tests of the commands sign, and what they look at afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import person

Serve = Callable[[LocalAws], None]
"""The fixture `at_the_desk`: serve the desk of that local AWS, and be Alice."""


def be(monkeypatch: pytest.MonkeyPatch, user_arn: str) -> None:
    """Sign from now on as this person."""
    who = person(user_arn)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", who.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", who.secret_key)
    if who.token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", who.token)
    else:
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


def everything(aws: LocalAws) -> list[str]:
    """Every row of the table."""
    items = aws.client("dynamodb").scan(TableName=aws.stack.resource("IncidentsTable"))["Items"]
    return sorted(json.dumps(item, sort_keys=True, default=str) for item in items)
