"""What a device may do now: its policies as the broker has them cached, and the variables of its connection.

Policies come from the certificate, and from the groups of the thing (and their parents) only where clientId is the
thing's name or the attachment is EXCLUSIVE_THING (AWS-FACTS 1.3). A change of either is seen only after the policy
cache has run out, 6 to 8 minutes later (AWS-FACTS 1.4).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from playtest.fleet.policy_conditions import Values
from playtest.fleet.policy_language import Decision, Request, decide, parse
from playtest.fleet.registry import Registry

_Entry = tuple[datetime, tuple[str, ...]]


class PolicyCache:
    """What was attached to a target as the broker still sees it: a change counts `delay` after it was made.

    A target is cached from the first time it is asked for, so what was set up before a first connect counts at once.
    """

    def __init__(self, now: Callable[[], datetime], delay: timedelta) -> None:
        self.delay = delay
        self._now = now
        self._entries: dict[str, tuple[Callable[[], tuple[str, ...]], list[_Entry]]] = {}

    def look_up(self, target: str, read: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return what `read` gave for `target` when the cache last took it over."""
        self._entries.setdefault(target, (read, [(self._now(), read())]))
        self._refresh(target)
        return self._entries[target][1][0][1]

    def observe(self) -> None:
        """Note every change since the last look, so that its delay runs from now."""
        for target in list(self._entries):
            self._refresh(target)

    def _refresh(self, target: str) -> None:
        read, history = self._entries[target]
        now, current = self._now(), read()
        if current != history[-1][1]:
            history.append((now, current))
        while len(history) > 1 and history[1][0] + self.delay <= now:
            del history[0]


class Access:
    """Decides over one connection at a time: who it is, and what its policies say to an act."""

    def __init__(self, registry: Registry, cache: PolicyCache) -> None:
        self._registry = registry
        self._cache = cache

    def thing_of(self, principal: str, client_id: str) -> str | None:
        """Return the thing that AWS takes the connection for, None where it cannot tell."""
        for thing_name in self._registry.things_of(principal):
            if thing_name == client_id or self._registry.is_exclusive(principal, thing_name):
                return thing_name
        return None

    def decide(self, principal: str, client_id: str, action: str, resource: str) -> Decision:
        """Return what the policies of `principal`, connected as `client_id`, say to `action` on `resource`.

        `resource` is the last part of an ARN: `client/…`, `topic/…`, `topicfilter/…`, `rolealias/…`.
        """
        thing_name = self.thing_of(principal, client_id)
        documents = list(self._policies(principal))
        for group in self._groups(thing_name):
            documents += self._policies(group)
        variables = self._variables(principal, client_id, thing_name)
        return decide(map(parse, documents), Request(action, self._registry.arn(resource), variables))

    def _policies(self, target: str) -> tuple[str, ...]:
        return self._cache.look_up(f"policies of {target}", lambda: self._registry.policies_of(target))

    def _groups(self, thing_name: str | None) -> tuple[str, ...]:
        if thing_name is None:
            return ()
        return self._cache.look_up(f"groups of {thing_name}", lambda: self._registry.groups_of(thing_name))

    def _variables(self, principal: str, client_id: str, thing_name: str | None) -> dict[str, Values]:
        variables: dict[str, Values] = {"iot:ClientId": client_id}
        if ":cert/" not in principal:
            return variables  # thing variables do not work for Cognito identities (IoT developer guide)
        variables |= self._registry.subject(principal.rpartition("/")[2])
        variables["iot:Connection.Thing.IsAttached"] = "true" if thing_name else "false"
        return variables | (self._registry.thing_variables(thing_name) if thing_name else {})
