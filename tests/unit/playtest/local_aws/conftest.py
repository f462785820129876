"""A miniature stack: one resource of every kind that the local AWS makes, with handlers that a test replaces."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from playtest.local_aws import LocalAws

MINIATURE = Path(__file__).parent / "miniature" / "template.yaml"

StartMiniature = Callable[..., AbstractContextManager[LocalAws]]


def open_item(body: Any) -> None:
    """Put the event on the miniature's bus that starts its state machine."""
    entry: Any = {
        "Source": "mini",
        "DetailType": "Opened",
        "Detail": json.dumps(body),
        "EventBusName": os.environ["MINI_BUS"],
    }
    boto3.client("events").put_events(Entries=[entry])


def _triage(event: Any, _context: Any) -> Any:
    for record in event["Records"]:
        open_item(json.loads(json.loads(record["body"])["Message"]))
    return {"batchItemFailures": []}


def _work(_event: Any, _context: Any) -> Any:
    return {"decision": "done", "list": [{"word": "stop"}]}


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that the miniature's handlers are in: a test sets the ones that it is about."""
    module: Any = ModuleType("miniature_handlers")
    module.triage, module.work = _triage, _work
    module.catch = module.sweep = lambda _event, _context: None
    monkeypatch.setitem(sys.modules, "miniature_handlers", module)
    return module


@pytest.fixture
def tokens(handlers: Any) -> list[str]:
    """The tokens that were handed to the miniature's function, in order."""
    handed: list[str] = []
    handlers.work = lambda event, _context: handed.append(event["token"])
    return handed


@pytest.fixture
def start_miniature(handlers: Any) -> StartMiniature:
    """Starts a local AWS with the miniature in it and no fleet; takes what LocalAws takes."""
    return lambda **wanted: LocalAws(**{"template": MINIATURE, "with_fleet": False, **wanted})


@pytest.fixture
def aws(start_miniature: StartMiniature) -> Iterator[LocalAws]:
    """A local AWS with the miniature in it."""
    with start_miniature() as running:
        yield running
