"""How many things Cordon may touch by itself in a while: ceilings that no number of alarms can lift.

A reservation belongs to an incident and counts for each budget's window, from when it was made. Each scope has one row
with all that counts of it. A reservation is made in all scopes that apply or in none, only if no row has changed since
it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from cordon.errors import RecordBusy
from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.incidents.table import ConditionFailed, Row, Table, Write, key, pause, put
from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.response_policy import MOST_THINGS, BudgetRule
from cordon.model.thing import ThingFacts
from cordon.response.population import Populations, Scope, milliseconds
from cordon.things.facts import groups_above

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

    from cordon.response.assessment import Outlook

_TRIES = 12
_MINUTE = 60_000
_KEPT_SECONDS = 30 * 24 * 3600

Rules = dict[Scope, list[BudgetRule]]
Things = Annotated[int, Field(ge=1)]


class ScopeReservations(Word):
    """All reservations of a scope that may still count: things and moment (milliseconds), by incident."""

    version: int = Field(ge=0)
    reservations: dict[str, tuple[Things, int]]

    def within(self, minutes: int, now: int, *, but: str) -> int:
        """Return how many things other incidents than `but` have reserved within so many minutes.

        What is dated after `now` counts: a clock that was wrong must not make room.
        """
        others = (held for incident_id, held in self.reservations.items() if incident_id != but)
        return sum(things for things, at in others if now - at < minutes * _MINUTE)


class Reservation(Word):
    """What an incident has reserved: how many things, in which scopes, and when (milliseconds)."""

    things: Things
    scopes: list[str]
    at: int


class Budgets:
    """The budgets of the response policy, counted in the table."""

    def __init__(self, table: Table, iot: IoTClient, rules: Sequence[BudgetRule]) -> None:
        """Count in `table`; `iot` tells how many things a percentage is of."""
        self._table, self._iot, self._rules = table, iot, rules
        self._populations = Populations(table, iot)

    def reserve(self, incident_id: str, thing: ThingFacts, count: int, *, fresh: bool = False) -> list[str]:
        """Reserve `count` things for the incident in every scope of `thing`, or find that it has them already.

        An empty list: it may act. Otherwise one sentence for each scope that has no room, and nothing is reserved.
        `fresh` asks that the reservation counts now: one that has run out is made anew. A retry never counts twice,
        and one that counts for longer, or for more things, takes the place of the first.

        Raises:
            RecordBusy: other incidents were in the way each time; nothing is reserved, and nothing may be done.
            RecordUnreadable: a row is not what we wrote; nothing may be done.
        """
        rules = self._applying(thing)
        if not rules:
            return [f"no budget of the response policy applies to {thing.name}"]
        wanted = Reservation(things=max(1, count), scopes=sorted(scope.key for scope in rules), at=milliseconds())
        for _ in range(_TRIES):
            if self._has(incident_id, wanted, rules, fresh=fresh):
                return []
            seen = {scope: self._seen(scope) for scope in rules}
            full = list(
                filter(None, (self._full(rules[scope], scope, seen[scope], incident_id, wanted) for scope in seen))
            )
            if full:
                return full
            if self._took(incident_id, wanted, seen, rules):
                return []
            pause()
        raise RecordBusy(f"the budgets for {incident_id} met other writers {_TRIES} times")

    def _applying(self, thing: ThingFacts) -> Rules:
        """Return the rules that apply to the thing, by the scope in which each counts."""
        direct = [group.name for group in thing.groups]
        named = {rule.name for rule in self._rules if rule.scope == "group" and rule.name}
        # A rule for a group is for its child groups too. Looked up only where it matters.
        groups = {*direct, *(groups_above(self._iot, direct) if named - set(direct) else ())}
        applying: Rules = {}
        for rule in self._rules:
            for scope in _scopes(rule, thing.type_name, direct, groups):
                applying.setdefault(scope, []).append(rule)
        return dict(sorted(applying.items()))

    def _has(self, incident_id: str, wanted: Reservation, rules: Rules, *, fresh: bool) -> bool:
        """Say whether the incident has its reservation; where it must be fresh, whether it still counts everywhere."""
        row = self._table.get(rows.of_incident(incident_id), rows.RESERVATION)
        held = parsed(Reservation, row) if row else None
        if held is None or held.things < wanted.things or not set(wanted.scopes) <= set(held.scopes):
            return False
        shortest = min(rule.window_minutes for applying in rules.values() for rule in applying)
        return not fresh or wanted.at - held.at < shortest * _MINUTE

    def _seen(self, scope: Scope) -> ScopeReservations:
        row = self._table.get(rows.of_budget(scope.key), rows.RESERVATIONS)
        return parsed(ScopeReservations, row) if row else ScopeReservations(version=0, reservations={})

    def _full(
        self, rules: Iterable[BudgetRule], scope: Scope, seen: ScopeReservations, incident_id: str, wanted: Reservation
    ) -> str | None:
        """Say that a scope has no room for what is wanted; None: it has."""
        for rule in rules:
            most = self._most(rule, scope)
            taken = seen.within(rule.window_minutes, wanted.at, but=incident_id)
            if taken + wanted.things > most:
                window = f"({most} {_things(most)} in {rule.window_minutes} minutes)"
                if wanted.things > most > 0:
                    return f"the budget of {scope} has no room for {wanted.things} things {window}"
                return f"the budget of {scope} is used up {window}"
        return None

    def _most(self, rule: BudgetRule, scope: Scope) -> int:
        """Return how many things the rule allows: the smaller of its number and its percentage, rounded down."""
        most = MOST_THINGS if rule.things is None else rule.things
        if rule.percent is None:
            return most
        return min(most, int(Decimal(str(rule.percent)) * self._populations.of(scope) / 100))

    def _took(self, incident_id: str, wanted: Reservation, seen: dict[Scope, ScopeReservations], rules: Rules) -> bool:
        own = {**key(rows.of_incident(incident_id), rows.RESERVATION), **wanted.model_dump(mode="json")}
        scopes = [
            _with(incident_id, wanted, scope, seen[scope], max(rule.window_minutes for rule in rules[scope]))
            for scope in seen
        ]
        try:
            self._table.write(put({**own, "schema_version": SCHEMA_VERSION}, condition=None), *scopes)
        except ConditionFailed:
            return False  # another incident was faster: look again at what is left
        return True


def reserve_for(outlook: Outlook, incident_id: str, table: Table, iot: IoTClient, *, fresh: bool = False) -> list[str]:
    """Reserve what the plan of an outlook hits, by the policy that it was judged by; see `Budgets.reserve`.

    Without a policy or a thing there is nothing to reserve by, and no room.
    """
    policy, thing = outlook.in_force.policy, outlook.thing
    if policy is None or thing is None:
        return ["no budget can be read"]
    return Budgets(table, iot, policy.budgets).reserve(incident_id, thing, len(outlook.plan.things_hit), fresh=fresh)


def _scopes(rule: BudgetRule, type_name: str | None, direct: Iterable[str], groups: set[str]) -> list[Scope]:
    """Return the scopes in which the rule counts a thing of that type and those groups."""
    if rule.scope == "fleet":
        return [Scope("fleet")]
    if rule.scope == "type":
        return [Scope("type", type_name)] if type_name and rule.name in {None, type_name} else []
    if rule.name is None:
        return [Scope("group", name) for name in direct]
    return [Scope("group", rule.name)] if rule.name in groups else []


def _with(incident_id: str, wanted: Reservation, scope: Scope, seen: ScopeReservations, minutes: int) -> Write:
    """Return the write that adds a reservation to a scope, if nobody has written there since; what ran out goes."""
    counting = {other: held for other, held in seen.reservations.items() if wanted.at - held[1] < minutes * _MINUTE}
    row: Row = {
        **key(rows.of_budget(scope.key), rows.RESERVATIONS),
        "schema_version": SCHEMA_VERSION,
        "version": seen.version + 1,
        "reservations": {**counting, incident_id: [wanted.things, wanted.at]},
        "expires_at": wanted.at // 1000 + _KEPT_SECONDS,
    }
    if seen.version == 0:
        return put(row)
    return put(row, condition="#version = :seen", seen=seen.version)


def _things(count: int) -> str:
    return "thing" if count == 1 else "things"
