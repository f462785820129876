from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy

from oncall.policy.remarks import remarks

NOW = datetime(2026, 12, 1, 11, tzinfo=UTC)
BUDGET = {"budgets": [{"scope": "fleet", "things": 1}]}


_OF_THE_PLAYBOOK = {"mode", "severity", "criticality", "silence_by_criticality"}


def told(changed: dict[str, Any], now: datetime = NOW, name: str = "contain_thing") -> list[str]:
    """What is remarked of an automatic policy with a budget, with this changed of the playbook or of the whole."""
    said = {"mode": "automatic"} | {field: changed[field] for field in changed.keys() & _OF_THE_PLAYBOOK}
    whole = {field: changed[field] for field in changed.keys() - _OF_THE_PLAYBOOK}
    return remarks(ResponsePolicy.model_validate({"playbooks": {name: said}} | BUDGET | whole), now)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"budgets": []}, "budgets: there is none, so nothing is done without a person, whatever the modes say"),
        (
            {"mode": "observe", "severity": {"high": "approve"}},
            "playbooks.contain_thing.severity.high: approve has no effect: the playbook goes no further than observe",
        ),
        (
            {"criticality": {"safety-critical": "automatic"}},
            "playbooks.contain_thing.criticality.safety-critical: such a thing always waits for approval",
        ),
        (
            {"silence_by_criticality": {"unknown": "act"}},
            "playbooks.contain_thing.silence_by_criticality.unknown: silence never acts on such a thing",
        ),
    ],
)
def test_what_has_no_effect_is_remarked(changed: dict[str, Any], said: str) -> None:
    """One sentence, with the field."""
    assert told(changed) == [said]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"mode": "approve", "budgets": []},
        {"severity": {"low": "observe"}, "criticality": {"safety-critical": "observe"}},
    ],
)
def test_what_means_what_it_looks_like_is_not(changed: dict[str, Any]) -> None:
    """Narrower words, and no budget where nothing is automatic."""
    assert told(changed) == []


def test_a_playbook_whose_name_is_nearly_ours_is_remarked() -> None:
    """A typo would leave contain_thing at approve; a name that is unlike ours is another team's playbook."""
    said = "playbooks.contain_thin: no playbook of Cordon's has this name, and contain_thing is like it"
    assert told({}, name="contain_thin") == [said]
    assert told({}, name="restart_line") == []


def test_what_is_over_is_remarked_from_its_last_moment_on() -> None:
    """A freeze and an exemption may be taken out of the file once they are over, and not a second before."""
    past = {
        "freezes": [{"name": "Harvest", "zone": "Europe/Berlin", "start": "2026-11-01", "end": "2026-12-01T12:00"}],
        "exemptions": [{"group": "line-1", "owner": "a", "reason": "b", "expires": "2026-12-01T12:00+01:00"}],
    }
    assert told(past, NOW - timedelta(seconds=1)) == []
    assert told(past, NOW) == ["freezes: 'Harvest' is over", "exemptions: that of line-1 has expired"]
