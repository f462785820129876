"""A local AWS to play in, and alarms to play with."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cordon.model.incident import Mode

from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, Up

EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def up() -> Iterator[Up]:
    """Start a local AWS under the demo policy: automatic and without an age limit, unless the changes say otherwise.

    `parameters` are those of the template.
    """
    with contextlib.ExitStack() as stack:

        def start(mode: Mode = Mode.AUTOMATIC, *, parameters: dict[str, str] | None = None, **changes: Any) -> LocalAws:
            return stack.enter_context(LocalAws(parameters=parameters, policy=demo_policy(mode, **changes)))

        yield start


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS in automatic mode."""
    return up()


@pytest.fixture
def alarm() -> Alarm:
    """Return the text of a sample alarm, about another thing and with other fields where they are given."""

    def text(thing: str, sample: str = "in-alarm.source-address-contained", **fields: Any) -> str:
        message = json.loads((EVENTS / f"device-defender-detect.{sample}.json").read_text())
        return json.dumps({**message, "thingName": thing, **fields})

    return text
