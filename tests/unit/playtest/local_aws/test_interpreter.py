"""What the interpreter of state machines does once, and moto does anew for each execution or task."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.utils import boto_client

from playtest.local_aws import LocalAws


def answer(aws: LocalAws, item: str) -> tuple[str, ...]:
    """Run the miniature's state machine for an item; return the states that it visited."""
    aws.start_execution("WorkStateMachine", {"id": item, "looks": 0})
    aws.settle()
    return aws.executions()[-1].states


@pytest.mark.parametrize(
    ("owner", "made"),
    [(boto_client, "boto3"), (ASLParser, "state_machine")],
    ids=["a client for a task", "the parse of a definition"],
)
def test_a_second_execution_takes_what_the_first_one_made(aws: LocalAws, owner: Any, made: str) -> None:
    """Each takes longer to make than the whole execution; this fails when moto makes it in another place."""
    states = answer(aws, "first")
    assert states[-1] == "Done"
    with mock.patch.object(owner, made, side_effect=AssertionError(f"{made} again")) as again:
        assert answer(aws, "second") == states
    assert again.mock_calls == []
