"""A scenario: which alarms, into which fleet, how often, under which policy, with which faults, and who answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cordon.model.incident import Mode
from cordon.model.response_policy import ResponsePolicy

from playtest.fleet.demo_things import ROLES, THINGS, UNATTACHED_CERTIFICATES
from playtest.local_aws.cloud import TEMPLATE
from playtest.local_aws.transform import read_template
from playtest.run.added_thing import AddedThing, parse_added_thing
from playtest.run.asked_device import AskedDevice, parse_devices
from playtest.run.asked_fault import AskedFault, Where, parse_fault
from playtest.run.bad_scenario import BadScenario
from playtest.run.demo_people import PeoplesAnswer
from playtest.run.demo_policy import demo_policy
from playtest.run.playbooks import playbook_states
from playtest.run.raw_alarm import RawAlarm

MOST_REPEATS = 10_000


@dataclass(frozen=True)
class Scenario:
    """What is run. `repeat` is how many times each alarm is delivered at once; `answer` None leaves requests waiting.

    `mode` None: everything goes by `own_policy`, and how far is its own affair.
    """

    alarms: Sequence[RawAlarm]
    things: Sequence[AddedThing] = ()
    mode: Mode | None = Mode.AUTOMATIC
    own_policy: ResponsePolicy | None = None
    answer: PeoplesAnswer | None = None
    repeat: int = 1
    faults: Sequence[AskedFault] = ()
    devices: Sequence[AskedDevice] = ()

    @property
    def policy(self) -> ResponsePolicy:
        """The response policy that is put in force first."""
        return self.own_policy or demo_policy(self.mode or Mode.AUTOMATIC)


def scenario(  # noqa: PLR0913 - an option of the command each
    alarms: Sequence[RawAlarm],
    *,
    with_things: Iterable[str] = (),
    mode: str | None = None,
    policy: ResponsePolicy | None = None,
    repeat: int | str = 1,
    faults: Iterable[str] = (),
    devices: Sequence[str] = (),
) -> Scenario:
    """Return the scenario that was asked for, in the words of the command line; nothing runs yet.

    Without `mode` and `policy` it is automatic. Nobody answers in it: `dataclasses.replace` sets who does.

    Raises:
        BadScenario: anything of it cannot be.
    """
    things = [parse_added_thing(text) for text in with_things]
    _require_new_names(things)
    certified = frozenset({spec.name for spec in THINGS if spec.certificates} | {thing.name for thing in things})
    _require_certificates(alarms, certified | set(UNATTACHED_CERTIFICATES))
    _require_roles(alarms)
    known = {Where.THING: certified, Where.STATE: frozenset(playbook_states()), Where.FUNCTION: _functions()}
    asked = [parse_fault(text, known) for text in faults]
    return Scenario(
        alarms,
        things,
        mode=_mode(mode, policy),
        own_policy=policy,
        repeat=_times(repeat),
        faults=asked,
        devices=parse_devices(devices, {spec.name for spec in THINGS} | {thing.name for thing in things}),
    )


def _mode(asked: str | None, policy: ResponsePolicy | None) -> Mode | None:
    if asked is not None and policy is not None:
        raise BadScenario("--mode", asked, "none beside --policy, which says itself how far Cordon goes")
    if asked is not None and asked not in set(Mode):
        raise BadScenario("--mode", asked, " or ".join(Mode))
    return None if policy else Mode(asked or Mode.AUTOMATIC)


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


def _require_roles(alarms: Sequence[RawAlarm]) -> None:
    for alarm in alarms:
        for name in alarm.roles_named():
            if name not in ROLES:
                raise BadScenario(f"{alarm.file} ${{role-id:…}}", name, f"a role of the plant: {', '.join(ROLES)}")


def _functions() -> frozenset[str]:
    resources = read_template(TEMPLATE)["Resources"]
    return frozenset(name for name, item in resources.items() if item["Type"] == "AWS::Serverless::Function")
