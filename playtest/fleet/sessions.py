"""The sessions of the broker: by client id as the broker knows them, and by thing as fleet indexing remembers them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


class NoSession(LookupError):
    """The client has no open session."""


@dataclass(frozen=True)
class Session:
    """One session. `thing_name` is None where AWS cannot tell the thing: clientId is not its name, not exclusive.

    Times are aware, in UTC. `disconnect_reason` is from the DisconnectReasonValue enum of GetThingConnectivityData.
    """

    client_id: str
    principal: str
    thing_name: str | None
    connected_since: datetime
    disconnected_since: datetime | None = None
    disconnect_reason: str | None = None
    clean_session: bool = False

    @property
    def connected(self) -> bool:
        """Say whether the session is open."""
        return self.disconnected_since is None


class Sessions:
    """All sessions that were ever opened and not forgotten, in the order in which clients first came."""

    def __init__(self) -> None:
        self._by_client: dict[str, Session] = {}
        self._by_thing: dict[str, Session] = {}

    def get(self, client_id: str) -> Session | None:
        """Return the last session of the client."""
        return self._by_client.get(client_id)

    def of_thing(self, thing_name: str) -> Session | None:
        """Return the last session that AWS took for this thing's, also after its client was forgotten."""
        return self._by_thing.get(thing_name)

    def all(self) -> tuple[Session, ...]:
        """Return the last session of each client."""
        return tuple(self._by_client.values())

    def connected(self) -> tuple[Session, ...]:
        """Return the sessions that are open."""
        return tuple(session for session in self._by_client.values() if session.connected)

    def is_connected(self, client_id: str) -> bool:
        """Say whether the client has an open session."""
        session = self._by_client.get(client_id)
        return session is not None and session.connected

    def begin(self, session: Session) -> Session:
        """Keep a session that was just opened, and return it."""
        self._by_client[session.client_id] = session
        if session.thing_name is not None:
            self._by_thing[session.thing_name] = session
        return session

    def end(self, client_id: str, at: datetime, reason: str) -> Session:
        """Close the open session of the client and return it as it is now; NoSession where there is none."""
        session = self._by_client.get(client_id)
        if session is None or not session.connected:
            raise NoSession(client_id)
        return self.begin(replace(session, disconnected_since=at, disconnect_reason=reason))

    def forget(self, client_id: str) -> None:
        """Forget the client's session state, as a clean session does."""
        self._by_client.pop(client_id, None)
