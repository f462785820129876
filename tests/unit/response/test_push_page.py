"""Of every push people are told before it counts: who, what, and what it loosens."""

from __future__ import annotations

from typing import Any

import pytest
from cordon.errors import SameIdentity, StalePolicy
from cordon.model.response_policy import ResponsePolicy
from cordon.response.push_page import page_of_proposal

from tests.unit.response.conftest import Place, policy

ASKS, BLIND = policy("approve"), policy("observe")
ROTA = policy("approve", people={"on_call": "rota"})


class Pages:
    """What was told of pushes, and what was in force then."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.subjects: list[str] = []
        self.messages: list[str] = []
        self.in_force: list[ResponsePolicy | None] = []

    def __call__(self, subject: str, message: str, /) -> None:
        """Keep it."""
        self.subjects.append(subject)
        self.messages.append(message)
        self.in_force.append(self._place.in_force())

    def push(self, pushed: ResponsePolicy, by: str, base: ResponsePolicy = ASKS) -> Any:
        """Push from a runtime of its own, having seen `base` in force."""
        return self._place.anew().push(pushed, by=by, base=base.hash, tell=self)


@pytest.fixture
def pages(place: Place) -> Pages:
    """Nobody was told anything, and a policy is in force that asks about everything."""
    place.seed(ASKS)
    return Pages(place)


def test_who_blinds_cordon_is_told_of_and_needs_a_second_person(place: Place, pages: Pages) -> None:
    """One page of the proposal and one of its coming into force, each before it counts, with all that it loosens."""
    assert pages.push(BLIND, "ann").status == "proposed"
    assert place.in_force() == ASKS
    assert pages.push(BLIND, "bob").status == "in_force"
    assert place.in_force() == BLIND
    assert pages.subjects == [
        "Cordon: a response policy that loosens is proposed",
        "Cordon: a response policy is put in force",
    ]
    assert pages.in_force == [ASKS, ASKS]
    proposed, in_force = pages.messages
    assert proposed.startswith(f"Response policy {BLIND.hash}: ann proposes it")
    assert in_force.startswith(f"Response policy {BLIND.hash}: bob puts it in force, as ann proposed")
    for message in pages.messages:
        assert f"In force before: {ASKS.hash}." in message
        assert "observe where it was approve" in message


def test_what_loosens_nothing_is_told_of_too(place: Place, pages: Pages) -> None:
    """One page, and pushing again what is in force tells nobody anything, whoever does it."""
    for person in ("ann", "bob"):
        assert pages.push(ROTA, person).status == "in_force"
    assert (len(pages.messages), place.in_force()) == (1, ROTA)
    assert "ann puts it in force. " in pages.messages[0]
    assert "It loosens nothing." in pages.messages[0]


def test_what_is_refused_is_no_news(place: Place, pages: Pages) -> None:
    """Neither a push that was compared with another policy, nor the first person's own second one."""
    with pytest.raises(StalePolicy):
        pages.push(ROTA, "ann", BLIND)
    pages.push(BLIND, "ann")
    with pytest.raises(SameIdentity):
        pages.push(BLIND, "ann")
    assert (pages.subjects, place.in_force()) == (["Cordon: a response policy that loosens is proposed"], ASKS)


@pytest.mark.parametrize("pushed", [ROTA, BLIND], ids=["tighter", "looser"])
def test_a_push_of_which_nobody_can_be_told_does_not_count(place: Place, pushed: ResponsePolicy) -> None:
    """No row is written; when the pager works again the same people push the same."""
    place.seed(ASKS)
    before = place.bed.everything()

    def down(*_: str) -> None:
        raise ConnectionError

    for person in ("ann", "bob"):
        with pytest.raises(ConnectionError):
            place.anew().push(pushed, by=person, base=ASKS.hash, tell=down)
    assert place.bed.everything() == before
    assert place.in_force() == ASKS
    place.seed(pushed)
    assert place.in_force() == pushed


def test_a_page_is_no_longer_than_sns_takes_and_shows_nothing_as_markup() -> None:
    """Names in a policy are whatever its author wrote."""
    looser = [f"freezes: 'https://evil.example <b>{'x' * 1000}' is no longer frozen"] * 60
    text = page_of_proposal("f" * 64, by="arn:aws:iam::123456789012:user/ann", before=None, looser=looser)
    assert len(text.encode()) < 256 * 1024
    assert "and 40 more." in text
    assert "https://" not in text
    assert "<b>" not in text
