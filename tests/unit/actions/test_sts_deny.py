"""Denies sessions of AWS credentials by a policy that is always written from all holds."""

from __future__ import annotations

import contextlib
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.actions.sts_policy import MOST_IDS, deny_document
from cordon.errors import DenyListFull, LockHeld, Throttled
from cordon.incidents.sts_holds import StsHolds

from playtest.local_aws.transform import read_template

from ..denials import Denials, Interrupted, Mortal, denial, incident, numbered

HOURS = 3600
ROOT = Path(__file__).parents[3]


def test_the_templates_document_is_ours_with_nobody_in_it() -> None:
    """So that the first comparison after a deploy finds nothing to do."""
    written = read_template(ROOT / "template.yaml")["Resources"]["StsDenyPolicy"]["Properties"]["PolicyDocument"]
    assert written == deny_document([])


def test_what_is_denied_is_read_back_and_what_is_let_go_is_gone(denials: Denials) -> None:
    """Before False, after True, and back; the lock is free afterwards."""
    change = denial(numbered(1), incident(1))
    assert denials.action.read(change.resource) is change.before is False
    denials.action.apply(change)
    assert denials.action.read(change.resource) is change.after is True
    assert denials.document == deny_document([numbered(1)])
    denials.action.apply(change.inverse())
    assert denials.action.read(change.resource) is False
    assert denials.document == deny_document([])
    assert (denials.holds, denials.is_locked) == ([], False)


def test_what_is_so_already_makes_no_version(denials: Denials) -> None:
    """Applied twice is the same as once."""
    change = denials.deny(1)
    before = denials.versions
    denials.action.apply(change)
    assert denials.versions == before
    denials.action.apply(change.inverse())
    denials.action.apply(change.inverse())
    assert denials.versions == ["v1", "v2", "v3"]


def test_of_five_versions_the_oldest_makes_room(denials: Denials) -> None:
    """IAM keeps five, and the default one is never the one that goes."""
    for number in range(9):
        denials.deny(number)
    assert denials.versions == ["v10", "v6", "v7", "v8", "v9"]
    assert denials.document == deny_document(map(numbered, range(9)))


def test_two_incidents_hold_one_certificate_until_both_have_let_go(denials: Denials) -> None:
    """In either order; and who has no hold of his own does not read True for another's."""
    first, second = denials.deny(1, by=1), denial(numbered(1), incident(2))
    assert denials.action.read(second.resource) is False
    denials.action.apply(second)
    denials.action.apply(first.inverse())
    assert (denials.action.read(first.resource), denials.action.read(second.resource)) == (False, True)
    assert denials.document == deny_document([numbered(1)])
    denials.action.apply(second.inverse())
    assert denials.document == deny_document([])


@pytest.mark.parametrize("wanted", [True, False])
def test_a_step_that_dies_after_any_call_ends_what_it_began_when_it_runs_again(
    denials: Denials, *, wanted: bool
) -> None:
    """Read and applied as the ledger does; the others' ids stay denied throughout, and the lock is free at the end."""
    denials.deny(0, by=9)
    for number in count(1):
        change = denial(numbered(number), incident(number))
        if not wanted:
            denials.action.apply(change)
            change = change.inverse()
        dying = Mortal(number)
        with denials.watched(dying) as action:
            action.apply(change)
        assert numbered(0) in denials.policy.denied()
        if denials.action.read(change.resource) != change.after:
            denials.action.apply(change)
        denials.bed.clock.advance(seconds=61)
        denials.action.catch_up()
        assert (numbered(number) in denials.policy.denied()) is wanted
        assert numbered(0) in denials.policy.denied()
        if not dying.is_dead:
            break
    assert number > 6


@pytest.mark.parametrize("at", range(1, 9))
def test_two_at_once_leave_the_union(denials: Denials, at: int) -> None:
    """Whatever call of one the other comes after: it waits for the lock, or writes both."""
    mine, other = denial(numbered(1), incident(1)), denial(numbered(2), incident(2))

    def come_between() -> None:
        with contextlib.suppress(LockHeld):
            denials.action.apply(other)

    between = Interrupted(at, come_between)
    with denials.watched(between) as action:
        action.apply(mine)
    assert between.left <= 0, "it did come between"
    if not denials.action.read(other.resource):
        denials.action.apply(other)
    assert denials.document == deny_document([numbered(1), numbered(2)])
    assert not denials.is_locked


def test_a_full_document_denies_no_more_and_lets_nobody_out(denials: Denials) -> None:
    """The one that finds no room is not held either; IAM would refuse one id more, and takes these."""
    for number in range(MOST_IDS - 1):
        StsHolds(denials.bed.table).hold(numbered(number), incident(number))
    denials.deny(MOST_IDS - 1)
    full = denials.document
    assert full == deny_document(map(numbered, range(MOST_IDS)))
    late = denial(numbered(MOST_IDS), incident(MOST_IDS))
    with pytest.raises(DenyListFull, match=numbered(MOST_IDS)):
        denials.action.apply(late)
    assert denials.document == full
    assert denials.action.read(late.resource) is False
    assert len(denials.holds) == MOST_IDS
    with pytest.raises(ClientError, match="PolicySize"):
        denials.write_by_hand(deny_document(map(numbered, range(MOST_IDS + 1))))
    denials.deny(0, by=7)  # held already: it needs no room
    denials.action.apply(denial(numbered(1), incident(1)).inverse())
    denials.action.apply(late)
    assert denials.action.read(late.resource) is True


def test_a_hold_runs_out_after_twelve_hours_and_has_held_all_the_same(denials: Denials) -> None:
    """Not a second before; then the sweep takes the id out, and what was verified stays so: nothing is left to deny."""
    change = denials.deny(1)
    denials.bed.clock.advance(seconds=12 * HOURS - 1)
    assert denials.action.catch_up() == 0
    assert denials.document == deny_document([numbered(1)])
    denials.bed.clock.advance(seconds=1)
    assert denials.action.read(change.resource) is True
    assert denials.action.catch_up() == 1
    assert denials.document == deny_document([])
    assert denials.holds == []
    assert denials.action.read(change.resource) is True
    denials.action.apply(change.inverse())
    assert denials.action.read(change.resource) is False


def test_a_hold_runs_twelve_hours_from_the_last_time(denials: Denials) -> None:
    """Credentials may have been handed out until then; another incident's hold counts for itself."""
    denials.deny(1, by=1)
    denials.bed.clock.advance(hours=6)
    denials.deny(1, by=2)
    denials.bed.clock.advance(hours=6)
    assert denials.action.catch_up() == 1
    assert denials.document == deny_document([numbered(1)])
    denials.bed.clock.advance(hours=6)
    assert denials.action.catch_up() == 1
    assert denials.document == deny_document([])


def test_the_sweep_may_die_after_any_call(denials: Denials) -> None:
    """The next one ends it: the id is out, and its hold is put away once."""
    for number in count(1):
        change = denials.deny(number)
        denials.bed.clock.advance(hours=12)
        dying = Mortal(number)
        with denials.watched(dying) as action:
            action.catch_up()
        denials.bed.clock.advance(seconds=61)
        denials.action.catch_up()
        assert (denials.document, denials.holds) == (deny_document([]), [])
        assert denials.action.read(change.resource) is True
        if not dying.is_dead:
            break
    assert number > 6


def test_what_a_deploy_or_a_hand_wrote_over_is_written_again(denials: Denials) -> None:
    """By the holds as they are; and an id that nobody holds goes."""
    change = denials.deny(1)
    denials.write_by_hand(deny_document([numbered(2)]))
    assert denials.action.read(change.resource) is False
    denials.action.catch_up()
    assert denials.document == deny_document([numbered(1)])


def test_a_document_that_is_not_ours_denies_nobody(denials: Denials) -> None:
    """Whatever it lists: Allow in place of Deny, or another action, is no denial."""
    change = denials.deny(1)
    document = deny_document([numbered(1)])
    [statement] = document["Statement"]
    for altered in ({"Effect": "Allow"}, {"Action": "s3:*"}, {"Condition": {"StringEquals": {"aws:userid": "x"}}}):
        denials.write_by_hand({**document, "Statement": [{**statement, **altered}]})
        assert denials.action.read(change.resource) is False


@pytest.mark.parametrize("code", ["LimitExceeded", "ConcurrentModification"])
def test_what_passes_in_iam_is_tried_again(denials: Denials, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """IAM shows an older state than it has, or another writer was there: the state's Retry knows Throttled."""

    def refuse(**_: Any) -> None:
        raise denials.iam.exceptions.from_code(code)({"Error": {"Code": code, "Message": "no"}}, "CreatePolicyVersion")

    with monkeypatch.context() as patched:
        patched.setattr(denials.iam, "create_policy_version", refuse)
        with pytest.raises(Throttled):
            denials.deny(1)
    assert denials.document == deny_document([])
    denials.deny(1)
    assert denials.document == deny_document([numbered(1)])
    assert not denials.is_locked


def test_a_version_that_went_meanwhile_is_no_trouble(denials: Denials, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else made the room."""
    for number in range(4):
        denials.deny(number)
    really = denials.iam.delete_policy_version

    def twice(**given: Any) -> None:
        really(**given)
        really(**given)

    monkeypatch.setattr(denials.iam, "delete_policy_version", twice)
    denials.deny(4)
    assert denials.document == deny_document(map(numbered, range(5)))
