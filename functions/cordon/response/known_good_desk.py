"""What the desk does about what is known to be good: capture it, check a thing against it, sign it, show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cordon import clients, clock, settings
from cordon.errors import NotHealthy, UnknownThing
from cordon.incidents import rows
from cordon.incidents.record import Incidents
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.known_good import KnownGood
from cordon.model.thing_state import ThingState
from cordon.response.drift import drift
from cordon.response.known_good_capture import captured
from cordon.response.known_good_fitness import Fitness
from cordon.response.known_good_signature import Notary
from cordon.response.known_good_store import Held, KnownGoods
from cordon.things.firmware_catalog import FirmwareCatalog
from cordon.things.known_good_facts import ThingStates

Json = dict[str, Any]


@dataclass(frozen=True)
class KnownGoodDesk:
    """Everything that it reads and writes, for things of an account and Region."""

    known_goods: KnownGoods
    things: ThingStates
    fitness: Fitness
    incidents: Incidents
    account: str
    region: str

    def capture(self, thing_name: str, playbooks: Iterable[str]) -> Json:
        """Return a definition of which the thing is an example; nothing is kept.

        Raises:
            UnknownThing, NotCapturable: there is none that could be made.
            NotHealthy: the thing is in quarantine, or an open incident of one of these playbooks is about it.
        """
        state = self._state(thing_name)
        seen = self._require_healthy(state, playbooks)
        made = captured(state, self.fitness.catalog)
        return {
            "thing_name": thing_name,
            "thing_type": made.definition.thing_type,
            "definition": made.definition.model_dump(mode="json"),
            "remarks": [*made.remarks, *seen],
        }

    def check(self, thing_name: str, definition: KnownGood | None) -> Json:
        """Return where the thing differs from the definition; None: from the known-good in force for its type.

        Raises:
            UnknownThing: there is no such thing.
        """
        state = self._state(thing_name)
        held = Held(definition) if definition else self._of(state)
        group = self.fitness.quarantine_group
        found = drift(held.definition, state, clock.now(), quarantine_group=group) if held.definition else []
        return {
            "thing_name": thing_name,
            "thing_type": state.type_name,
            "known_good": _signed(held),
            "trouble": held.trouble,
            "drift": [one.model_dump(mode="json") for one in found],
        }

    def sign(self, definition: KnownGood, *, by: str, base: str | None) -> Json:
        """Put the definition in force, signed, if all that it names is there.

        Raises:
            UnfitKnownGood: something is not.
            StaleKnownGood, KnownGoodDowngrade, RecordBusy: see `KnownGoods.sign`.
        """
        self.fitness.require(definition)
        return self.known_goods.sign(definition, by=by, base=base).model_dump(mode="json")

    def show(self, thing_type: str) -> Json:
        """Return what is in force for the type; with a trouble instead of a definition where nothing counts."""
        held = self.known_goods.of_type(thing_type)
        return {
            "thing_type": thing_type,
            "definition": held.definition.model_dump(mode="json") if held.definition else None,
            "known_good": _signed(held),
            "trouble": held.trouble,
        }

    def _state(self, thing_name: str) -> ThingState:
        state = self.things.read(thing_name)
        if state is None:
            raise UnknownThing(f"AWS IoT has no thing {thing_name}", field="thing_name")
        return state

    def _of(self, state: ThingState) -> Held:
        if state.type_name is None:
            return Held(None, trouble=f"{state.name} has no thing type, and a known-good is of one")
        return self.known_goods.of_type(state.type_name)

    def _require_healthy(self, state: ThingState, playbooks: Iterable[str]) -> list[str]:
        """Return what else is to be known of the thing, in sentences."""
        group = self.fitness.quarantine_group
        if group in {*state.groups, *state.groups_above}:
            raise NotHealthy(f"{state.name} is in the quarantine group {group}", field="thing_name")
        seen = []
        for incident in self._open(state.name, playbooks):
            if incident.status is not IncidentStatus.OBSERVED:
                raise NotHealthy(
                    f"the incident {incident.id} ({incident.status}) is about {state.name}: it is no example of "
                    f"a thing that is well before that is over",
                    field="thing_name",
                )
            seen.append(f"the incident {incident.id} is about it (observed): look at that first")
        return seen

    def _open(self, thing_name: str, playbooks: Iterable[str]) -> Iterable[Incident]:
        for playbook in sorted(playbooks):
            key = rows.of_open(self.account, self.region, thing_name, playbook)
            if known := self.incidents.open_under(key):
                yield self.incidents.get(known)


def _signed(held: Held) -> Json | None:
    """Return what people know a known-good by."""
    return held.signed.model_dump(mode="json", exclude={"thing_type"}) if held.signed else None


def known_good_desk(incidents: Incidents) -> KnownGoodDesk:
    """Return it over the stack's resources."""
    current, iot, s3 = settings.current(), clients.iot(), clients.s3()
    notary = Notary(clients.kms(), current.known_good_key_arn)
    return KnownGoodDesk(
        KnownGoods(s3, current.policy_bucket, incidents.table, notary),
        ThingStates(iot, clients.iot_data()),
        Fitness(iot, FirmwareCatalog(iot, s3), current.quarantine_group),
        incidents,
        current.account_id,
        iot.meta.region_name,
    )
