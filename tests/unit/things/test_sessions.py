from __future__ import annotations

from typing import Any

import pytest
from cordon.incidents import rows
from cordon.incidents.connections import MOST_CLIENT_IDS, Connections
from cordon.incidents.table import key, put
from cordon.model.thing import ThingFacts
from cordon.things.facts import ThingReader

from ..conftest import THING
from .conftest import Registry

OTHER = "pump-02"
ELSE = "e" * 64


def recorded(registry: Registry, client_id: str, certificate: str, at: int = 1) -> None:
    """Record a connect as the template's two rules do."""
    facts = {"principal": certificate, "client_id": client_id, "connected_at": at}
    table = registry.bed.table
    table.write(put({**key(rows.of_certificate(certificate), rows.of_client(client_id)), **facts}, condition=None))
    table.write(put({**key(rows.of_client(client_id), rows.CONNECTION), **facts}, condition=None))


def reader(registry: Registry) -> ThingReader:
    """Return a reader that knows of recorded connections."""
    iot: Any = registry.iot
    iot_data: Any = registry.iot_data
    return ThingReader(iot, iot_data, recorded=Connections(registry.bed.table))


def read(registry: Registry) -> ThingFacts:
    """Return the facts of the thing."""
    facts = reader(registry).read(THING)
    assert facts is not None
    return facts


def foreign(facts: ThingFacts) -> dict[str, bool]:
    """Return for each client id whether it is another's."""
    return {session.client_id: session.foreign is not None for session in facts.sessions}


def test_the_client_ids_of_a_things_own_certificate_are_its_own(registry: Registry) -> None:
    """All of them, also those that AWS does not tell; its name first, then the newest."""
    registry.thing()
    certificate = registry.certificate()
    recorded(registry, "press-6", certificate, at=1)
    recorded(registry, "press-7", certificate, at=2)
    facts = read(registry)
    assert list(foreign(facts).items()) == [(THING, False), ("press-7", False), ("press-6", False)]
    assert facts.more_client_ids == []


def test_a_client_id_that_connected_last_with_another_certificate_is_foreign(registry: Registry) -> None:
    """Whoever has it now is not this thing, though it had it once."""
    registry.thing()
    certificate = registry.certificate()
    recorded(registry, "press-7", certificate)
    recorded(registry, "press-7", ELSE, at=2)
    recorded(registry, THING, ELSE, at=2)
    facts = read(registry)
    assert foreign(facts) == {THING: True, "press-7": True}
    assert facts.sessions[0].foreign == f"it connected last with certificate {ELSE}, which is not this thing's"


def test_any_certificate_of_the_thing_makes_a_client_id_its_own(registry: Registry) -> None:
    """Also one that it shares, and the one that it did not use last."""
    registry.thing()
    registry.thing(OTHER)
    registry.certificate()
    shared = registry.certificate(things=(THING, OTHER))
    recorded(registry, THING, shared)
    assert foreign(read(registry)) == {THING: False}


def test_what_is_recorded_of_a_shared_certificate_is_nobodys_in_particular(registry: Registry) -> None:
    """A client id that names no thing may be the bystander's: it is neither dropped nor denied for this one."""
    registry.thing()
    registry.thing(OTHER)
    shared = registry.certificate(things=(THING, OTHER))
    recorded(registry, OTHER, shared)
    recorded(registry, "whoever", shared)
    assert foreign(read(registry)) == {THING: False}


def test_a_bystanders_client_id_stays_the_bystanders_though_the_things_own_key_had_it(registry: Registry) -> None:
    """An intruder had it with the thing's own certificate; the bystander is back with the one that they share."""
    registry.thing()
    registry.thing(OTHER)
    own = registry.certificate()
    shared = registry.certificate(things=(THING, OTHER))
    recorded(registry, "line-b", own, at=1)
    recorded(registry, "line-b", shared, at=2)
    facts = read(registry)
    assert foreign(facts) == {THING: False, "line-b": True}
    assert facts.sessions[1].foreign == f"it connected last with certificate {shared}, which other things use too"
    assert foreign(read(registry)) == foreign(facts)


def test_what_only_records_tell_of_is_said(registry: Registry) -> None:
    """What AWS tells as well is not among it."""
    registry.thing()
    certificate = registry.certificate()
    registry.last_seen_as("press-7")
    for client_id in (THING, "press-7", "press-6"):
        recorded(registry, client_id, certificate)
    facts = read(registry)
    assert facts.recorded_client_ids == ["press-6"]
    assert foreign(facts) == {THING: False, "press-7": False, "press-6": False}


@pytest.mark.parametrize(("count", "is_more"), [(MOST_CLIENT_IDS, False), (MOST_CLIENT_IDS + 1, True)])
def test_the_newest_client_ids_are_looked_at_and_more_are_said(registry: Registry, count: int, is_more: bool) -> None:
    """Whoever has the key may choose any number of them: no step takes longer for that, and a gap says so."""
    registry.thing()
    certificate = registry.certificate()
    for number in range(count):
        recorded(registry, f"press-{number:03d}", certificate, at=number)
    facts = read(registry)
    assert len(facts.sessions) == MOST_CLIENT_IDS + 1
    assert facts.sessions[1].client_id == f"press-{count - 1:03d}"
    assert facts.more_client_ids == ([certificate] if is_more else [])


def test_without_recorded_connections_nothing_more_is_asked(registry: Registry) -> None:
    """An installation without the rules looks as it did before: neither AWS IoT nor the table is asked more."""
    registry.thing()
    registry.certificate()
    registry.read()
    before = registry.iot.calls.copy()
    registry.iot.calls.clear()
    read(registry)
    assert registry.iot.calls == before
