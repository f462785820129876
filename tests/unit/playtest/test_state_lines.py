from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playtest.local_aws import PlayEvent, PlayEventKind
from playtest.report.state_lines import StateLines, playbook_name
from playtest.report.wording import duration, plain, short, side

BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
STATES = {
    "Work": {"Type": "Task", "Next": "Pause"},
    "Pause": {"Type": "Wait", "Next": "Done"},
    "Help": {"Type": "Task", "Next": "Given"},
    "Given": {"Type": "Fail"},
}
K = PlayEventKind


Happened = tuple[PlayEventKind, str, int]
"""What happened, where, and after how many seconds."""


def visits(*stays: tuple[str, int, int]) -> list[Happened]:
    """The states that an execution entered and left, each with the seconds after which it did."""
    return [
        event
        for state, entered, left in stays
        for event in [(K.STATE_ENTERED, state, entered), (K.STATE_EXITED, state, left)]
    ]


def shown(*happened: Happened) -> list[str]:
    """The lines of one execution to which these things happened."""
    lines = StateLines(BEGAN, STATES)
    events = [(K.EXECUTION_STARTED, "", 0), *happened]
    return [
        line.plain.strip()
        for kind, subject, second in events
        for line in lines.lines(
            PlayEvent(
                kind,
                BEGAN + timedelta(seconds=second),
                "DoWorkStateMachine",
                subject,
                "arn",
                {"error": "Broken\x1b[2J", "cause": "why"},
            )
        )
    ]


def test_a_wait_is_told_as_waited_virtually() -> None:
    """States come with their virtual time, and a wait with its length."""
    lines = shown(*visits(("Work", 1, 1), ("Pause", 2, 122)), (K.STATE_ENTERED, "Done", 122))
    assert lines[0] == "do_work #1"
    assert lines[1] == "+00:01  ✓ Work"
    assert lines[2].split() == ["+00:02", "⧖", "Pause", "waited", "120", "s,", "virtually"]


def test_what_has_not_ended_is_told_as_waiting() -> None:
    """When nothing is left to happen, an execution that stands in a state waits there; one that ended does not."""
    lines = StateLines(BEGAN, STATES)
    for arn in ("ended", "waits", "never-entered"):
        lines.lines(PlayEvent(K.EXECUTION_STARTED, BEGAN, "DoWorkStateMachine", "", arn, {}))
    for arn in ("ended", "waits"):
        at = BEGAN + timedelta(seconds=3)
        lines.lines(PlayEvent(K.STATE_ENTERED, at, "DoWorkStateMachine", "Work", arn, {}))
    lines.lines(PlayEvent(K.EXECUTION_ENDED, BEGAN, "DoWorkStateMachine", "SUCCEEDED", "ended", {}))
    assert [line.plain.split() for line in lines.waiting()] == [["do_work", "#2"], ["+00:03", "⧖", "Work", "waits"]]


def test_a_caught_failure_is_told_with_where_it_went() -> None:
    """A failed attempt is a line of its own, and so is the Catch that took it; control characters are replaced."""
    lines = shown(
        (K.STATE_ENTERED, "Work", 1),
        (K.STATE_FAILED, "Work", 1),
        (K.STATE_EXITED, "Work", 2),
        *visits(("Help", 2, 2)),
        (K.STATE_ENTERED, "Given", 2),
        (K.EXECUTION_ENDED, "FAILED", 3),
    )
    text = "\n".join(lines)
    assert "✗ Work" in text
    assert "Broken�[2J: why" in text
    assert "caught, on to Help" in text
    assert "✗ Given" in text
    assert "do_work failed" in text


def test_an_execution_that_lost_the_claim_is_one_line() -> None:
    """A second delivery of an event does nothing, and takes one line to say so."""
    lines = shown(*visits(("ClaimIncident", 0, 0), ("AlreadyClaimed", 0, 0)), (K.EXECUTION_ENDED, "SUCCEEDED", 0))
    assert len(lines) == 1
    assert "already claimed" in lines[0]


def test_values_are_shown_short_and_plain() -> None:
    """Ids are cut, documents counted, control characters replaced, and both sides of a membership named."""
    assert playbook_name("ContainThingStateMachine") == "contain_thing"
    assert short(f"certificate/{'a' * 64}") == "certificate/aaaaaaaa…"
    assert plain("a\x1b[31m\u202eb") == "a�[31m�b"
    assert side(value=True, action="policy_attachment") == "attached"
    assert side('{"Statement": [{}, {}]}') == "a policy of 2 statements"
    assert [side(None), side([]), side(["a", "b"])] == ["nothing", "none", "a, b"]
    assert [duration(None), duration(0.44), duration(541)] == ["never", "0.4 s", "9 min 1 s"]
