"""The message broker of the demo fleet: who is connected, who may, and what ends a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from moto.iotdata.models import iotdata_backends

from playtest.fleet import presence, reserved_topics
from playtest.fleet.access import Access, PolicyCache
from playtest.fleet.faults import Faults
from playtest.fleet.policy_language import Decision
from playtest.fleet.registry import Registry
from playtest.fleet.reserved_topics import Reply
from playtest.fleet.sessions import NoSession, Session, Sessions

POLICY_CACHE = timedelta(minutes=7)
"""How long a policy change takes to bite: 6 to 8 minutes (AWS-FACTS 1.4)."""

NEWS = timedelta(seconds=1)
"""When a device acts on what it was told."""

SESSION_END = timedelta(minutes=3)
"""When AWS drops the sessions of a deactivated certificate: "within a few minutes" (AWS-FACTS 1.6)."""


@dataclass(frozen=True)
class Refusal:
    """One act that was turned away, and when."""

    client_id: str
    principal: str
    action: str
    reason: str
    at: datetime


class Refused(Exception):
    """The broker turned a device away; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.action} of {refusal.client_id}: {refusal.reason}")
        self.refusal = refusal


@dataclass(frozen=True)
class Credentials:
    """AWS credentials that the credentials provider gave to a certificate; they outlive its status (AWS-FACTS 1.7)."""

    certificate_id: str
    role_alias: str
    issued_at: datetime
    expires_at: datetime


class Broker:
    """Sessions by client id. Every method may be called from any thread.

    `now` is the clock of the local AWS. It moves when a Wait passes; who moves it calls `tick`, so that overdue
    sessions end and devices act.
    """

    def __init__(
        self,
        registry: Registry,
        now: Callable[[], datetime],
        *,
        policy_cache: timedelta = POLICY_CACHE,
        session_end: timedelta = SESSION_END,
    ) -> None:
        self.registry = registry
        self.now = now
        self.session_end = session_end
        self.faults = Faults()
        self.sessions = Sessions()
        self.refusals: list[Refusal] = []
        self.credentials: list[Credentials] = []
        self.call_later: Callable[[timedelta], None] = lambda _: None
        """Lets so much virtual time pass by itself, once everything else waits; without it only Waits do."""
        self.detected: Callable[[Mapping[str, Any]], None] = lambda _: None
        """Hears what Device Defender would make of what a device does: an in-alarm, in its words."""
        self._cache = PolicyCache(now, policy_cache)
        self._access = Access(registry, self._cache)
        self._inactive_since: dict[str, datetime] = {}
        self._devices: list[Callable[[Broker], None]] = []
        self._lock = RLock()

    def connect(self, client_id: str, principal: str, *, clean_session: bool = False) -> Session:
        """Open a session for `client_id`, taking it over from whoever has it.

        `principal` is a certificate's ARN or a Cognito identity id. Raises Refused where the certificate is not ACTIVE
        or no policy allows iot:Connect.
        """
        with self._lock:
            if not self._is_accepted(principal, comes_back=True):
                raise self._refuse(client_id, principal, "iot:Connect", "CERTIFICATE_NOT_ACTIVE")
            self._authorize(client_id, principal, "iot:Connect", f"client/{client_id}")
            if self.sessions.is_connected(client_id):
                self.sessions.end(client_id, self.now(), "DUPLICATE_CLIENTID")
            thing_name = self._access.thing_of(principal, client_id)
            session = Session(client_id, principal, thing_name, self.now(), clean_session=clean_session)
            begun = self.sessions.begin(session)
        presence.tell_connected(self.registry.account, self.registry.region, begun)
        return begun

    def publish(self, client_id: str, topic: str, message: Mapping[str, Any] | None = None) -> Reply | None:
        """Let a connected client publish. A denied one is disconnected (FORBIDDEN_ACCESS) and Refused is raised.

        Returns what AWS IoT answers on a topic of its own; None where nobody does, or the client may not receive it.
        """
        self._act(client_id, "iot:Publish", f"topic/{topic}")
        if message is None:
            return None
        reply = reserved_topics.reply_to(self.registry.account, self.registry.region, topic, message)
        return reply if reply and self._hears(client_id, "iot:Receive", f"topic/{reply.topic}") else None

    def subscribe(self, client_id: str, topic_filter: str) -> None:
        """Let a connected client subscribe. A denied one is disconnected (FORBIDDEN_ACCESS) and Refused is raised."""
        self._act(client_id, "iot:Subscribe", f"topicfilter/{topic_filter}")

    def news(self, client_id: str, topic: str) -> Mapping[str, Any] | None:
        """Return what a client was last told on a topic; None where it was told nothing, or may not hear it.

        A real device subscribes when it connects. Here one that its policies would disconnect for that never tries.
        """
        told = reserved_topics.news(self.registry.account, self.registry.region, topic)
        if told is None or not self._hears(client_id, "iot:Subscribe", f"topicfilter/{topic}"):
            return None
        return told if self._hears(client_id, "iot:Receive", f"topic/{topic}") else None

    def call_devices(self) -> None:
        """Tell the devices that something is new: they act in a moment."""
        self.call_later(NEWS)

    def drop(self, client_id: str, *, clean_session: bool = False) -> None:
        """End a session as DeleteConnection does, forgetting it with `clean_session`; NoSession where there is none."""
        with self._lock:
            self.sessions.end(client_id, self.now(), "API_INITIATED_DISCONNECT")
            if clean_session:
                self.sessions.forget(client_id)

    def leave(self, client_id: str) -> None:
        """Let the client disconnect by itself; NoSession where it is not connected."""
        with self._lock:
            self.sessions.end(client_id, self.now(), "CLIENT_INITIATED_DISCONNECT")

    def assume_role_with_certificate(self, certificate_id: str, role_alias: str, thing_name: str) -> Credentials:
        """Hand out AWS credentials as the credentials provider does, for the thing that the device says it is.

        Raises Refused where the certificate is not ACTIVE, the role alias does not exist or no policy allows it.
        """
        principal, action = self.registry.certificate_arn(certificate_id), "iot:AssumeRoleWithCertificate"
        with self._lock:
            seconds = self.registry.role_alias_seconds(role_alias)
            if seconds is None or not self._is_accepted(principal):
                reason = "NO_ROLE_ALIAS" if seconds is None else "CERTIFICATE_NOT_ACTIVE"
                raise self._refuse(thing_name, principal, action, reason)
            self._authorize(thing_name, principal, action, f"rolealias/{role_alias}")
            issued_at = self.now()
            held = Credentials(certificate_id, role_alias, issued_at, issued_at + timedelta(seconds=seconds))
            self.credentials.append(held)
            return held

    def may_use(self, credentials: Credentials) -> bool:
        """Say whether credentials that were handed out are good for anything still: not run out, and not denied."""
        is_over = credentials.expires_at <= self.now()
        return not is_over and not self.registry.denies_session(credentials.role_alias, credentials.certificate_id)

    def allows(self, client_id: str, principal: str, action: str, resource: str) -> bool:
        """Say what the broker would answer, disconnecting nobody; `resource` as in `topic/a/b`."""
        with self._lock:
            return self._access.decide(principal, client_id, action, resource) is Decision.ALLOWED

    def add_device(self, act: Callable[[Broker], None]) -> None:
        """Let a device act at every tick."""
        self._devices.append(act)

    def observe(self) -> None:
        """Take notice of what changed in the registry; called after each changing call, so that delays run from it."""
        with self._lock:
            self._cache.observe()
            for session in self.sessions.connected():
                self._is_accepted(session.principal)

    def tick(self) -> None:
        """Let time that has passed take effect: overdue sessions end, then every device acts."""
        with self._lock:
            self.observe()
            for session in self.sessions.connected():
                since = self._inactive_since.get(session.principal)
                overdue = since is not None and since + self.session_end <= self.now()
                if overdue and not self._is_accepted(session.principal):
                    # The reason that AWS gives here is not documented; this one fits its words best (L).
                    self.sessions.end(session.client_id, self.now(), "AUTH_ERROR")
            for act in self._devices:
                act(self)

    def _hears(self, client_id: str, action: str, resource: str) -> bool:
        with self._lock:
            session = self.sessions.get(client_id)
            if session is None or not session.connected:
                return False
            return self.allows(client_id, session.principal, action, resource)

    def _act(self, client_id: str, action: str, resource: str) -> None:
        with self._lock:
            session = self.sessions.get(client_id)
            if session is None or not session.connected:
                raise NoSession(client_id)
            try:
                self._authorize(client_id, session.principal, action, resource)
            except Refused:
                self.sessions.end(client_id, self.now(), "FORBIDDEN_ACCESS")
                raise

    def _authorize(self, client_id: str, principal: str, action: str, resource: str) -> None:
        decision = self._access.decide(principal, client_id, action, resource)
        if decision is not Decision.ALLOWED:
            raise self._refuse(client_id, principal, action, f"{decision.value}: {resource}")

    def _refuse(self, client_id: str, principal: str, action: str, reason: str) -> Refused:
        refusal = Refusal(client_id, principal, action, reason, self.now())
        self.refusals.append(refusal)
        return Refused(refusal)

    def _is_accepted(self, principal: str, *, comes_back: bool = False) -> bool:
        if ":cert/" not in principal:
            return True
        if self.registry.certificate_status(principal.rpartition("/")[2]) == "ACTIVE":
            self._inactive_since.pop(principal, None)
            return True
        inactive_for = self.now() - self._inactive_since.setdefault(principal, self.now())
        return self.faults.accepts(principal, inactive_for, comes_back=comes_back)


def use(broker: Broker) -> None:
    """Make `broker` the one that the APIs of the running local AWS speak to, until its mock ends."""
    backend = iotdata_backends[broker.registry.account][broker.registry.region]
    setattr(backend, _LIVE, broker)


def live(account: str, region: str) -> Broker | None:
    """Return the broker that is in use in this account and Region, None where there is no fleet."""
    broker: Broker | None = getattr(iotdata_backends[account][region], _LIVE, None)
    return broker


_LIVE = "demo_fleet_broker"  # kept on moto's backend, because a backend's attributes end with its mock
