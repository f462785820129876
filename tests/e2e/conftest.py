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
from playtest.local_aws.function_urls import ALICE
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, Up
from tests.e2e.served_desk import Serve, be

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


@pytest.fixture
def at_the_desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Serve]:
    """Serve a local AWS's desk, and be Alice; between two looks of a command everything that can happen does."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    served: list[Any] = []

    def serve(aws: LocalAws) -> None:
        serving = aws.serve_urls()
        served.append(serving)
        monkeypatch.setenv("CORDON_DESK_URL", serving.__enter__())
        monkeypatch.setenv("AWS_DEFAULT_REGION", aws.region)
        monkeypatch.setattr("oncall.following.pause", lambda _: aws.settle())
        be(monkeypatch, ALICE)

    yield serve
    for serving in served:
        serving.__exit__(None, None, None)
