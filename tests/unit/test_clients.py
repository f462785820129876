from __future__ import annotations

from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import pytest
from cordon import clients

from playtest.local_aws import sessions
from playtest.local_aws.transform import read_template

MAKERS = [one for one in vars(clients).values() if isinstance(one, _lru_cache_wrapper)]
MOST_ASKED_FOR = 5  # seconds that botocore adds to a pause at most where x-amz-retry-after asks for more


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A runtime that has made no client yet."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with sessions.as_default():
        clients.reset()
        yield
        clients.reset()


def configured(make: Any) -> tuple[int, float]:
    """Return how often a call of that client is tried, and the seconds that one try takes at most."""
    config = make().meta.config
    return config.retries["total_max_attempts"], float(config.connect_timeout + config.read_timeout)


def slowest_failure(tries: int, each: float, *, asked_for: float = 0) -> float:
    """Return after how many seconds a call that fails has failed, with botocore's longest pauses between its tries."""
    return tries * each + sum(2.0**number + asked_for for number in range(tries - 1))


def function_timeouts() -> list[int]:
    """Return the Timeout of every function, in seconds."""
    written = read_template(Path(__file__).parents[2] / "template.yaml")
    common = written["Globals"]["Function"]["Timeout"]
    functions = [one for one in written["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    return [one["Properties"].get("Timeout", common) for one in functions]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_call_has_failed_before_lambda_stops_its_function(make: Any) -> None:
    """Only then the step fails with an error that has a name; the seconds are those that the module speaks of."""
    assert slowest_failure(*configured(make)) == 12
    assert slowest_failure(*configured(make), asked_for=MOST_ASKED_FOR) == 22
    assert min(function_timeouts()) > 22


def test_a_slow_call_leaves_time_for_another() -> None:
    """One that is answered at the last moment, and one that never is, fit one function."""
    assert min(function_timeouts()) > 2 * slowest_failure(*configured(clients.dynamodb))


def test_clients_are_kept_until_they_are_forgotten() -> None:
    """Each of them: another local AWS must not be answered through a client of the last one."""
    before = [make() for make in MAKERS]
    assert [make() for make in MAKERS] == before
    clients.reset()
    assert [make.cache_info().currsize for make in MAKERS] == [0] * len(before)
