"""Policies of any kind, for the tests that compare two of them: few names and numbers, so that they often meet."""

from __future__ import annotations

from typing import Any

from cordon.model.alarm import Severity
from cordon.model.incident import Mode
from cordon.model.response_policy import ResponsePolicy, Silence
from cordon.model.thing import Criticality
from hypothesis import strategies as st

PLAYBOOKS = ("contain_thing", "another")
ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
GROUPS = ("line-1", "line-1-east", "line-1-west")
PARENTS = {"line-1-east": "line-1", "line-1-west": "line-1"}
TYPES = ("pump", "valve")
_ATTRIBUTES = st.sampled_from(["criticality", "tier"])
_modes = st.sampled_from([Mode.AUTOMATIC, Mode.AUTOMATIC, Mode.AUTOMATIC, Mode.APPROVE, Mode.OBSERVE])
_criticalities = st.sampled_from(Criticality)
_minutes = st.sampled_from([30, 60])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


_playbook = st.fixed_dictionaries(
    {
        "mode": _modes,
        "severity": st.dictionaries(st.sampled_from(Severity), _modes, max_size=2),
        "criticality": st.dictionaries(_criticalities, _modes, max_size=2),
        "shared_certificate": _modes,
        "silence": st.sampled_from(Silence),
        "silence_by_criticality": st.dictionaries(_criticalities, st.sampled_from(Silence), max_size=2),
        "approval_minutes": st.sampled_from([5, 60]),
        "two_approvers": st.lists(_criticalities, max_size=2),
    }
)
_scopes = [
    {"scope": "fleet"},
    {"scope": "group"},
    {"scope": "group", "name": "line-1"},
    {"scope": "type"},
    {"scope": "type", "name": "pump"},
]
_amounts = [{"things": 0}, {"things": 2}, {"things": 3}, {"percent": 10.0}, {"things": 2, "percent": 50.0}]
_budget = st.builds(
    lambda scope, amount, window: {**scope, **amount, "window_minutes": window},
    st.sampled_from(_scopes),
    st.sampled_from(_amounts),
    _minutes,
)
_hours = st.sampled_from(
    [
        [{"days": ["mon"], "start": "08:00", "end": "18:00"}],
        [{"days": ["mon"], "start": "22:00", "end": "06:00"}],
        [{"days": ALL_DAYS, "start": "00:00", "end": "00:00"}],
    ]
)
_freeze = st.builds(
    lambda zone, times: {"name": "freeze", "zone": zone, "start": times[0], "end": times[1]},
    st.sampled_from(["UTC", "Europe/Berlin"]),
    st.sampled_from([("2026-11-01", "2026-11-02"), ("2026-11-02", "2026-11-03"), ("2026-11-01T12:00", "2026-11-03")]),
)
_exemption = st.builds(
    lambda about, expires: {**about, "owner": "plant", "reason": "moved", "expires": expires},
    st.sampled_from([{"thing": "pump-01"}, {"group": "line-1"}, {"type": "pump"}]),
    st.sampled_from(["2026-11-01T00:00Z", "2026-11-02T12:00Z", "2026-11-03T00:00Z"]),
)
_rule = st.fixed_dictionaries({"things": st.sampled_from([2, 20]), "window_minutes": _minutes})
_lease = st.sampled_from([24, 72, 96])
_parts = {
    "playbooks": st.dictionaries(st.sampled_from(PLAYBOOKS), _playbook, max_size=2),
    "criticality": st.fixed_dictionaries(
        {
            "attribute": _ATTRIBUTES,
            "groups": st.dictionaries(st.sampled_from(GROUPS), _criticalities, max_size=2),
            "types": st.dictionaries(st.sampled_from(TYPES), _criticalities, max_size=1),
        }
    ),
    "budgets": st.lists(_budget, max_size=3),
    "windows": _maybe(st.fixed_dictionaries({"zone": st.sampled_from(["UTC", "Europe/Berlin"]), "open": _hours})),
    "freezes": st.lists(_freeze, max_size=2),
    "exemptions": st.lists(_exemption, max_size=2),
    "restrict_topics": st.lists(st.sampled_from(["cmd/{thing}", "all"]), max_size=2),
    "outbreaks": st.fixed_dictionaries(
        {
            "behavior": _maybe(_rule),
            "group": _maybe(_rule),
            "firmware": _maybe(_rule),
            "firmware_attribute": _ATTRIBUTES,
        }
    ),
    "leases": st.fixed_dictionaries(
        {
            "hours": st.sampled_from([24, 72]),
            "by_criticality": st.dictionaries(_criticalities, st.sampled_from([24, 96]), max_size=1),
        }
    ),
    "alarms": st.fixed_dictionaries(
        {"max_age_hours": st.sampled_from([0, 24, 336]), "guardduty_samples": st.sampled_from(["ignore", "answer"])}
    ),
    "identities": st.fixed_dictionaries(
        {"session_name_pinned_roles": st.lists(st.just("arn:aws:iam::123456789012:role/on-call"), max_size=1)}
    ),
    "people": st.fixed_dictionaries({"on_call": _maybe(st.just("the rota"))}),
}
_ACTING: dict[str, Any] = {
    "playbooks": {"contain_thing": {"mode": "automatic"}},
    "budgets": [{"scope": "fleet", "things": 3}],
    "alarms": {"max_age_hours": 0},
}


@st.composite
def _with(draw: st.DrawFn, facts: st.SearchStrategy[dict[str, Any]], most: int) -> dict[str, Any]:
    """Draw what `facts` draws, with up to so many parts replaced."""
    names = draw(st.sets(st.sampled_from(sorted(_parts)), max_size=most))
    return draw(facts) | {name: draw(_parts[name]) for name in sorted(names)}


_facts = _with(st.just(_ACTING), 4)
policies = _facts.map(ResponsePolicy.model_validate)
"""Most of them let Cordon act by itself, since there is little to compare in those that do not."""


budgets = st.lists(_budget, min_size=1, max_size=3).map(
    lambda rules: ResponsePolicy.model_validate({"playbooks": {}, "budgets": rules})
)
"""Policies that differ in their budgets only."""


@st.composite
def steps(draw: st.DrawFn, part: str | None = None) -> tuple[ResponsePolicy, ResponsePolicy]:
    """Draw two policies that differ in one part at most: in that of this name, if one is given."""
    other = part or draw(st.sampled_from(sorted(_parts)))
    facts = draw(_with(st.just(_ACTING), 2)) | {other: draw(_parts[other])}
    changed = facts | {other: draw(_parts[other])}
    return ResponsePolicy.model_validate(facts), ResponsePolicy.model_validate(changed)
