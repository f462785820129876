"""Which client ids of a thing may be dropped, denied, or left for repair: its own, and none that would be a pattern."""

from __future__ import annotations

from cordon.actions.session import plan_drop
from cordon.model.change import Effect
from cordon.model.thing import SessionFacts, ThingFacts
from cordon.response.policy_documents import would_be_pattern


def own_client_ids(thing: ThingFacts) -> list[str]:
    """Return the client ids under which the thing may connect for repair: its name, and its own that AWS tells of.

    Its name always: nobody can take the way to repair away by connecting under it with another certificate.
    """
    return list(dict.fromkeys([thing.name, *_told(thing)]))


def deniable_client_ids(thing: ThingFacts) -> list[str]:
    """Return the client ids that may be denied on a certificate of several things: this thing's own, and no other's.

    Its name is among them wherever it connected last, unless AWS takes the session of that name for another thing's.
    """
    is_anothers = any(
        one.client_id == thing.name and one.thing_name not in {None, thing.name} for one in thing.sessions
    )
    return list(dict.fromkeys([*([] if is_anothers else [thing.name]), *_told(thing)]))


def _told(thing: ThingFacts) -> list[str]:
    """Return the thing's own client ids without those that are only recorded.

    An intruder with its key may have chosen that of a bystander, who must be neither shut out nor posed as.
    """
    return [client_id for client_id in _own(thing.sessions) if client_id not in thing.recorded_client_ids]


def drops(thing_name: str, sessions: list[SessionFacts]) -> list[Effect]:
    """Return the effects that drop the thing's own sessions. A foreign one is left alone."""
    return [plan_drop(client_id, thing_name=thing_name) for client_id in _own(sessions)]


def _own(sessions: list[SessionFacts]) -> list[str]:
    own = [session.client_id for session in sessions if session.foreign is None]
    return [client_id for client_id in own if not would_be_pattern(client_id)]
