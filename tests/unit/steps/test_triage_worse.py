"""Triage tells people that what they have became worse: at once, once, and also when it died on the way."""

from __future__ import annotations

import pytest

from ..conftest import Bed
from .test_triage import Aws, notification, opened, receive, the_incident


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


def as_severe(bed: Bed, severity: str, status: str) -> None:
    """Say that the incident of pump-01 has been of that severity so far, and stands there."""
    bed.set_head(the_incident(bed).id, severity=severity, sure_severity=severity, status=status)


@pytest.mark.parametrize("status", ["awaiting_approval", "escalated", "partial"])
def test_what_became_worse_pages_whoever_has_it(bed: Bed, status: str) -> None:
    """Within the quarter of an hour too, once for each severity; a redelivery pages nobody."""
    aws = Aws()
    opened(bed)
    as_severe(bed, "low", status)
    bed.incidents.paged(the_incident(bed).id)
    body = notification(bed, "a2")
    for _ in range(2):
        receive(bed, aws, body)
    now = the_incident(bed)
    assert aws.pages == [f"Cordon: pump-01 is now {now.severity}"]
    assert (now.severity, now.worse, now.status) == ("high", False, status)
    receive(bed, aws, notification(bed, "a3"))
    assert len(aws.pages) == 1
    assert aws.announced == []


@pytest.mark.parametrize("status", ["responding", "contained", "restored"])
def test_what_nobody_was_paged_for_pages_nobody(bed: Bed, status: str) -> None:
    """It is told by whatever ends it."""
    aws = Aws()
    opened(bed)
    as_severe(bed, "low", status)
    receive(bed, aws, notification(bed, "a2"))
    assert (aws.pages, the_incident(bed).severity) == ([], "high")


def test_what_was_not_told_is_told_when_the_message_comes_again(bed: Bed) -> None:
    """Triage died before the page: the redelivery owes it, whatever was paged meanwhile."""

    class Down(Aws):
        """A topic that is down."""

        def publish(self, **message: str) -> None:
            """Refuse."""
            raise ConnectionError

    opened(bed)
    as_severe(bed, "low", "awaiting_approval")
    body = notification(bed, "a2")
    with pytest.raises(ConnectionError):
        receive(bed, Down(), body)
    assert the_incident(bed).worse is True
    aws = Aws()
    for _ in range(2):
        receive(bed, aws, body)
    assert aws.pages == ["Cordon: pump-01 is now high"]
    assert the_incident(bed).sightings == 2


def test_an_approval_that_waits_is_not_paged_for_what_is_no_worse(bed: Bed) -> None:
    """Its request was paged for, and is before a person."""
    aws = Aws()
    opened(bed)
    as_severe(bed, "high", "awaiting_approval")
    receive(bed, aws, notification(bed, "a2"))
    assert (aws.pages, the_incident(bed).worse) == ([], False)
