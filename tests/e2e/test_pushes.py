"""Nobody blinds Cordon alone, and no push of the response policy goes unseen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.model.incident import IncidentStatus, Mode

from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB
from playtest.run.demo_policy import demo_policy
from tests.e2e.answers import Alarm, Up, answered, pages

ACTS, WATCHES, ASKS = demo_policy(), demo_policy(Mode.OBSERVE), demo_policy(Mode.APPROVE)
PROPOSED, IN_FORCE = (
    "Cordon: a response policy that loosens is proposed",
    "Cordon: a response policy is put in force",
)


def push(aws: LocalAws, by: str, policy: Any = WATCHES) -> tuple[int, Any]:
    """What the desk answers to a push over the policy that acts."""
    return aws.ask_desk(by, "POST", "/policy", {"policy": json.loads(policy.canonical), "base": ACTS.hash})


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS in automatic mode, in which nobody was paged yet."""
    aws = up()
    assert pages(aws) == []
    return aws


def test_nobody_blinds_cordon_alone_or_unseen(aws: LocalAws, alarm: Alarm) -> None:
    """One person only proposes it, and people are told; alarms are answered until a second one agrees."""
    status, said = push(aws, ALICE)
    assert (status, said["status"]) == (200, "proposed")
    assert any("observe where it was automatic" in one for one in said["loosenings"])
    assert pages(aws) == [PROPOSED]
    aws.clock.advance(60)
    assert answered(aws, alarm("pump-01")).status is IncidentStatus.CONTAINED
    before = len(pages(aws))
    assert push(aws, BOB)[1]["status"] == "in_force"
    assert push(aws, ALICE)[1]["status"] == "in_force"
    assert pages(aws)[before:] == [IN_FORCE]


def test_the_page_says_who_what_and_what_it_loosens(aws: LocalAws) -> None:
    """By the identity that AWS signed, and the hashes by which people know the policies."""
    push(aws, ALICE)
    (call,) = aws.calls.of(service="sns", operation="Publish", principal="DeskFunction")
    said = call.params["Message"]
    assert all(part in said for part in ("role/OnCall", WATCHES.hash, ACTS.hash, "observe where it was automatic"))


def test_to_step_down_in_a_hurry_takes_one_and_is_told(aws: LocalAws) -> None:
    """From automatic to approve: in force at once, with one page."""
    assert push(aws, ALICE, ASKS)[1]["status"] == "in_force"
    assert pages(aws) == [IN_FORCE]
    assert aws.ask_desk(ALICE, "GET", "/policy")[1]["hash"] == ASKS.hash


def test_a_push_that_cannot_be_told_is_refused_and_changes_nothing(aws: LocalAws) -> None:
    """The pager is down for a while: a 503 by name, and the policy in force stays."""
    fleet = aws.fleet.snapshot()
    aws.faults.fail("sns", "Publish", "InternalError", times=100, function="DeskFunction")
    status, _ = push(aws, ALICE, ASKS)
    assert status in {502, 503}
    shown = aws.ask_desk(ALICE, "GET", "/policy")[1]
    assert (shown["hash"], shown["proposal"]) == (ACTS.hash, None)
    aws.faults.clear()
    assert push(aws, ALICE, ASKS)[1]["status"] == "in_force"
    assert diff(fleet, aws.fleet.snapshot()) == []
