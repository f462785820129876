from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.steps.record_escalation import reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"Error": "PersonMustDecide", "Cause": '["it is safety-critical"]'}, None),
        ({"Error": "PartOfOutbreak", "Cause": '["it is part of outbreak inc-1"]'}, None),
        ({"Error": "OutbreakDeclared", "Cause": "20 or more things"}, None),
        ({"Error": "PlanConflict", "Cause": json.dumps({"errorMessage": "changed"})}, "PlanConflict: 'changed'"),
        ({"Error": "States.Timeout", "Cause": "too slow"}, "States.Timeout: 'too slow'"),
        ({"Error": "X", "Cause": '["a list"]'}, "X: '[\"a list\"]'"),
        ({"Error": "X", "Cause": '{"other": 1}'}, "X: '{\"other\": 1}'"),
        ({"Error": "X"}, "X: ''"),
        ({}, "Unknown: ''"),
        ({"Error": "X", "Cause": "two\nlines"}, "X: 'two\N{REPLACEMENT CHARACTER}lines'"),
        ({"Error": "X", "Cause": "a" * 400}, f"X: '{'a' * 299}…'"),
    ],
)
def test_the_reason_is_what_the_error_says_on_one_line(error: dict[str, Any], reason: str | None) -> None:
    """Lambda's JSON is opened, plain text is taken as it is, and a decision's reasons are on record already."""
    assert reason_of(error) == reason
