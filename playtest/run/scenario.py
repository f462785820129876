"""A scenario: which alarms, into which fleet, how often, in which mode, with which faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cordon.model.incident import Mode

from playtest.fleet.demo_things import THINGS
from playtest.local_aws.cloud import TEMPLATE
from playtest.local_aws.transform import read_template
from playtest.run.added_thing import AddedThing, parse_added_thing
from playtest.run.asked_fault import AskedFault, Where, parse_fault
from playtest.run.bad_scenario import BadScenario
from playtest.run.playbooks import playbook_states
from playtest.run.raw_alarm import RawAlarm

MOST_REPEATS = 10_000


@dataclass(frozen=True)
class Scenario:
    """What is run. `repeat` is how many times each alarm is delivered at once."""

    alarms: Sequence[RawAlarm]
    things: Sequence[AddedThing] = ()
    mode: Mode = Mode.AUTOMATIC
    repeat: int = 1
    faults: Sequence[AskedFault] = ()


def scenario(
    alarms: Sequence[RawAlarm],
    *,
    with_things: Iterable[str] = (),
    mode: str = Mode.AUTOMATIC,
    repeat: int | str = 1,
    faults: Iterable[str] = (),
) -> Scenario:
    """Return the scenario that was asked for, in the words of the command line; nothing runs yet.

    Raises:
        BadScenario: anything of it cannot be.
    """
    things = [parse_added_thing(text) for text in with_things]
    _require_new_names(things)
    certified = frozenset({spec.name for spec in THINGS if spec.certificates} | {thing.name for thing in things})
    _require_certificates(alarms, certified)
    if mode not in set(Mode):
        raise BadScenario("--mode", mode, " or ".join(Mode))
    known = {Where.THING: certified, Where.STATE: frozenset(playbook_states()), Where.FUNCTION: _functions()}
    asked = [parse_fault(text, known) for text in faults]
    return Scenario(alarms, things, Mode(mode), _times(repeat), asked)


def _times(asked: int | str) -> int:
    said = str(asked)
    # No more digits than the largest has: int() refuses text of thousands of digits.
    is_number = said.isascii() and said.isdecimal() and len(said) <= len(str(MOST_REPEATS))
    if not is_number or not 1 <= int(said) <= MOST_REPEATS:
        raise BadScenario("--repeat", asked, f"a whole number from 1 to {MOST_REPEATS}")
    return int(said)


def _require_new_names(things: Sequence[AddedThing]) -> None:
    taken = {spec.name for spec in THINGS}
    for thing in things:
        if thing.name in taken:
            raise BadScenario("--with-thing name", thing.name, "a name that no other thing of the fleet has")
        taken.add(thing.name)


def _require_certificates(alarms: Sequence[RawAlarm], certified: frozenset[str]) -> None:
    for alarm in alarms:
        for name in alarm.things_named():
            if name not in certified:
                place = f"{alarm.file} ${{certificate-id:…}}"
                raise BadScenario(place, name, f"a thing with a certificate: {', '.join(sorted(certified))}")


def _functions() -> frozenset[str]:
    resources = read_template(TEMPLATE)["Resources"]
    return frozenset(name for name, item in resources.items() if item["Type"] == "AWS::Serverless::Function")
