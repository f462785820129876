from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from cordon.response.loosening import loosenings

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
ROLE, PINNED = "arn:aws:iam::123456789012:role/on-call", "arn:aws:iam::123456789012:role/pinned"
BASE: dict[str, Any] = {
    "playbooks": {"contain_thing": {"mode": "automatic", "severity": {"low": "observe"}, "two_approvers": ["high"]}},
    "criticality": {"groups": {"line-1": "high", "valves": "safety-critical"}, "types": {"pump": "standard"}},
    "budgets": [{"scope": "fleet", "things": 10, "percent": 5}, {"scope": "group", "name": "line-1", "things": 2}],
    "windows": {"zone": "Europe/Berlin", "open": [{"days": ["mon"], "start": "08:00", "end": "18:00"}]},
    "freezes": [{"name": "Harvest", "zone": "UTC", "start": "2026-10-01", "end": "2026-12-01"}],
    "exemptions": [{"thing": "pump-01", "owner": "plant", "reason": "moved", "expires": "2026-12-01T00:00Z"}],
    "restrict_topics": ["cmd/{thing}"],
    "alarms": {"max_age_hours": 24},
    "leases": {"hours": 72, "by_criticality": {"high": 24}},
    "identities": {"session_name_pinned_roles": [PINNED]},
}


def policy(**changed: Any) -> ResponsePolicy:
    """The policy that the tests start from, with some parts replaced."""
    return ResponsePolicy.model_validate(BASE | changed)


def contain(**changed: Any) -> dict[str, Any]:
    """What the base says of contain_thing, with something changed."""
    return {"playbooks": {"contain_thing": BASE["playbooks"]["contain_thing"] | changed}}


def hours(start: str, end: str, zone: str = "Europe/Berlin") -> dict[str, Any]:
    """Windows of some hours of Monday."""
    return {"windows": {"zone": zone, "open": [{"days": ["mon"], "start": start, "end": end}]}}


def freezes(*edges: tuple[str, str]) -> dict[str, Any]:
    """Freezes from each first to each second moment, in UTC."""
    return {"freezes": [{"name": "n", "zone": "UTC", "start": start, "end": end} for start, end in edges]}


def exempt(**changed: Any) -> dict[str, Any]:
    """The base's exemption with something changed."""
    return {"exemptions": [BASE["exemptions"][0] | changed]}


def fleet(**said: Any) -> dict[str, Any]:
    """The base's budgets, with this one for the fleet."""
    return {"budgets": [{"scope": "fleet"} | said, BASE["budgets"][1]]}


LOOSER = [
    (
        contain(severity={}),
        "playbooks.contain_thing: automatic where it was observe, for severity low; criticality low, standard, high",
    ),
    (
        contain(two_approvers=[]),
        "playbooks.contain_thing.two_approvers: one person where it took two, for criticality high",
    ),
    (contain(silence="leave"), "playbooks.contain_thing.silence: leave where it was escalate, for criticality low"),
    (
        contain(silence_by_criticality={"low": "act"}),
        "playbooks.contain_thing.silence: act where it was escalate, for criticality low",
    ),
    (contain(shared_certificate="automatic"), "a shared certificate"),
    (
        {"playbooks": contain()["playbooks"] | {"another": {"mode": "automatic"}}},
        "playbooks.another: automatic where it was approve",
    ),
    (
        contain(mode="observe"),
        "playbooks.contain_thing: observe where it was automatic, for severity medium, high, critical",
    ),
    (
        contain(mode="observe"),
        "playbooks.contain_thing: observe where it was approve, for severity medium, high, critical",
    ),
    (contain(severity={"low": "observe", "high": "observe"}), "observe where it was automatic, for severity high"),
    (
        contain(criticality={"low": "observe"}),
        "playbooks.contain_thing: observe where it was automatic, for severity medium, high, critical; criticality low",
    ),
    (
        contain(shared_certificate="observe"),
        "playbooks.contain_thing: observe where it was approve, for severity medium, high, critical; a shared cert",
    ),
    ({"playbooks": {}}, "playbooks.contain_thing: approve where it was observe, for severity low"),
    (
        {"criticality": BASE["criticality"] | {"attribute": "tier"}},
        "criticality.attribute: tier where it was criticality",
    ),
    (
        {"criticality": {"groups": {"line-1": "high"}}},
        "criticality.groups.valves: nothing where it was safety-critical",
    ),
    (
        {"criticality": {"groups": {"line-1": "low", "valves": "safety-critical"}}},
        "criticality.groups.line-1: low where it was high",
    ),
    (fleet(things=11, percent=5), "budgets: the fleet is no longer held to 10 things in 60 minutes"),
    (fleet(things=10), "budgets: the fleet is no longer held to 5 percent in 60 minutes"),
    (fleet(percent=1), "budgets: the fleet is no longer held to 10 things in 60 minutes"),
    (fleet(things=10, percent=5, window_minutes=59), "budgets: the fleet is no longer held to 10 things in 60 minutes"),
    (
        {"budgets": [BASE["budgets"][0], {"scope": "group", "things": 2}]},  # each of its child groups by itself
        "budgets: group line-1 is no longer held to 2 things in 60 minutes",
    ),
    ({"budgets": BASE["budgets"][:1]}, "budgets: group line-1 is no longer held to 2 things in 60 minutes"),
    (hours("08:00", "18:01"), "windows.open: 1 minutes of the week more, the first on mon 18:00"),
    (hours("08:00", "18:00", "UTC"), "windows.zone: UTC where it was Europe/Berlin"),
    ({"windows": None}, "windows: at all times"),
    (freezes(), "freezes: 'Harvest' is no longer frozen at 2026-11-01T09:00:00+00:00"),
    (
        freezes(("2026-10-01", "2026-11-30T23:59:59")),
        "freezes: 'Harvest' is no longer frozen at 2026-11-30T23:59:59+00:00",
    ),
    (freezes(("2026-11-02", "2026-12-01")), "freezes: 'Harvest' is no longer frozen at 2026-11-01T09:00:00+00:00"),
    (
        freezes(("2026-10-01", "2026-11-10"), ("2026-11-11", "2026-12-01")),
        "no longer frozen at 2026-11-10T00:00:00+00:00",
    ),
    ({"exemptions": []}, "exemptions: pump-01 is no longer exempt until 2026-12-01T00:00:00+00:00"),
    (exempt(expires="2026-11-30T23:59:59Z"), "exemptions: pump-01 is no longer exempt"),
    (exempt(thing="pump-02"), "exemptions: pump-01 is no longer exempt"),
    ({"restrict_topics": ["cmd/{thing}", "#"]}, "restrict_topics: also '#'"),
    ({"outbreaks": {"group": None}}, "outbreaks.group: none where it was 20 things in 60 minutes"),
    ({"outbreaks": {"behavior": {"things": 21}}}, "outbreaks.behavior: 21 things in 60 minutes where it was 20"),
    ({"outbreaks": {"firmware": {"window_minutes": 59}}}, "outbreaks.firmware: 20 things in 59 minutes"),
    ({"outbreaks": {"firmware_attribute": "fw"}}, "outbreaks.firmware_attribute: fw where it was firmwareVersion"),
    (
        {"leases": {"hours": 73, "by_criticality": {"high": 24}}},
        "leases: 73 hours where it was 72, for criticality low",
    ),
    ({"leases": {"hours": 72}}, "leases: 72 hours where it was 24, for criticality high"),
    ({"alarms": {"max_age_hours": 25}}, "alarms.max_age_hours: 25 where it was 24"),
    ({"alarms": {"max_age_hours": 0}}, "alarms.max_age_hours: no limit where it was 24"),
    (
        {"alarms": {"max_age_hours": 24, "guardduty_samples": "answer"}},
        "alarms.guardduty_samples: answer where it was ignore",
    ),
    (
        {"identities": {"session_name_pinned_roles": [PINNED, ROLE]}},
        f"identities.session_name_pinned_roles: each session name of {ROLE}",
    ),
    ({"identities": {}}, f"identities.session_name_pinned_roles: all sessions of {PINNED} are one"),
]


@pytest.mark.parametrize(("changed", "sentence"), LOOSER, ids=range(len(LOOSER)))
def test_each_way_to_loosen_is_told_with_its_field(changed: dict[str, Any], sentence: str) -> None:
    """One part is changed, and that part is named, with what it is and what it was."""
    found = loosenings(policy(), policy(**changed), NOW)
    assert any(sentence in one for one in found), found
    field = sentence.partition(":")[0].partition(".")[0] if ":" in sentence else "playbooks"
    assert all(one.startswith(("freezes", field)) for one in found)


TIGHTER = [
    contain(mode="approve"),
    contain(approval_minutes=5),
    contain(two_approvers=["high", "low"]),
    contain() | {"people": {"on_call": "the rota"}},
    {"criticality": BASE["criticality"] | {"types": {"pump": "high"}}},
    {"budgets": []},
    {"budgets": [{"scope": "fleet", "things": 0}]},
    {"budgets": [*BASE["budgets"], {"scope": "type", "name": "pump", "things": 1}]},
    {"budgets": [{"scope": "fleet", "things": 2, "percent": 5}]},
    fleet(things=10, percent=4, window_minutes=61),
    hours("08:01", "18:00"),
    freezes(("2026-11-01", "2026-12-01")),
    freezes(("2026-11-11", "2026-12-01"), ("2026-10-01", "2026-11-11")),
    freezes(("2026-10-01", "2027-12-01")),
    exempt(expires="2027-01-01T00:00Z", owner="someone else", reason="another"),
    {"restrict_topics": []},
    {"outbreaks": {"behavior": {"things": 19, "window_minutes": 61}}},
    {"leases": {"hours": 24}},
    {"alarms": {"max_age_hours": 23}},
]


@pytest.mark.parametrize("changed", TIGHTER, ids=range(len(TIGHTER)))
def test_what_is_tighter_takes_one_person(changed: dict[str, Any]) -> None:
    """There is no sentence about it."""
    assert loosenings(policy(), policy(**changed), NOW) == []


def test_silence_that_acts_sooner_is_looser() -> None:
    """How long a request waits counts only where nobody's answer lets Cordon act."""
    slow, quick = (policy(**contain(silence="act", approval_minutes=minutes)) for minutes in (60, 59))
    assert loosenings(slow, quick, NOW) == [
        "playbooks.contain_thing.approval_minutes: silence acts after 59 minutes where it was 60"
    ]
    assert loosenings(quick, slow, NOW) == []


def test_silence_that_leaves_a_thing_sooner_is_looser() -> None:
    """Nobody is paged again then, so that a shorter time is one in which fewer people can have answered."""
    slow, quick = (policy(**contain(silence="leave", approval_minutes=minutes)) for minutes in (60, 1))
    assert loosenings(slow, quick, NOW) == [
        "playbooks.contain_thing.approval_minutes: silence leaves it after 1 minutes where it was 60"
    ]
    assert loosenings(quick, slow, NOW) == []


def test_what_becomes_a_kind_that_is_only_observed_is_looser() -> None:
    """Not the mode is changed, but of what kind the thing is."""
    watched = contain(criticality={"high": "observe"}, two_approvers=[])
    to_high = {"criticality": BASE["criticality"] | {"types": {"pump": "high"}}}
    assert loosenings(policy(**watched), policy(**watched, **to_high), NOW) == [
        "criticality.types.pump: high where it was standard"
    ]


def test_what_is_past_does_not_count() -> None:
    """A freeze that is over and an exemption that has expired may go; a second earlier they may not."""
    bare = policy(freezes=[], exemptions=[])
    assert len(loosenings(policy(), bare, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))) == 2
    assert loosenings(policy(), bare, datetime(2026, 12, 1, tzinfo=UTC)) == []


def test_the_first_policy_takes_one_person_if_it_only_asks() -> None:
    """Limits of nothing loosen nothing; the first policy that acts by itself does, limits and all."""
    careful = {"playbooks": {"contain_thing": {"mode": "approve"}}, "identities": {}}
    assert loosenings(None, policy(**careful), NOW) == []
    watching = careful | {"playbooks": {"contain_thing": {"mode": "observe"}}}
    assert loosenings(None, policy(**watching), NOW) == []
    found = loosenings(None, policy(), NOW)
    assert found[0].startswith("playbooks.contain_thing: automatic where it was approve")
    assert "budgets[0]: the fleet has a budget, where not all that it covers had one" in found


def test_what_is_more_critical_is_looser_where_fewer_people_are_asked() -> None:
    """Two people stand behind plans for things of high criticality here, and one behind those of safety-critical."""
    raised = {
        "criticality": {
            "groups": {"line-1": "safety-critical", "valves": "safety-critical"},
            "types": {"pump": "standard"},
        }
    }
    assert loosenings(policy(), policy(**raised), NOW) == [
        "criticality.groups.line-1: safety-critical where it was high"
    ]
    both = contain(two_approvers=["high", "safety-critical"]) | {"leases": {"hours": 24}}
    assert loosenings(policy(**both), policy(**both, **raised), NOW) == []


def test_a_thing_that_no_budget_covered_may_not_get_one_unseen() -> None:
    """Without a budget nothing is done by itself: one more budget lets Cordon act about more things."""
    of_group = policy(budgets=[{"scope": "group", "name": "line-1", "things": 2}])
    of_fleet = policy(budgets=[{"scope": "fleet", "things": 1}])
    assert loosenings(of_group, of_fleet, NOW) == [
        "budgets[0]: the fleet has a budget, where not all that it covers had one"
    ]
