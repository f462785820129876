"""10,000 damaged findings: each is accepted, ignored or rejected with its reason, and tied to no wrong thing."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from cordon.alarms import read_alarms
from cordon.errors import AlarmRejected
from cordon.incidents.table import encode
from cordon.model.alarm import Alarm, AlarmKind, Certainty
from cordon.model.thing import THING_NAME
from cordon.things.attribution import Attributor
from cordon.things.role_aliases import RoleAliasFacts
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import EVENTS, RECEIVED_AT, certificate_id, filled, role_id

SHARES = 4
"""Into how many tests the 10,000 are dealt, so that they run beside each other."""
EXAMPLES = 10_000
ACCOUNT, REGION = "123456789012", "eu-west-1"
GATEWAY = "i-0c0ffee0c0ffee001"
FLEET = ("camera-01", "camera-02", "pump-01", "pump-02", "pump-03", "pump-04", "mixer-01")
SHARED = "filler-01"

THINGS_OF = {
    **{certificate_id(name): [name] for name in FLEET},
    certificate_id("retired-01"): [],
    certificate_id(SHARED): [f"meter-{number:03}" for number in range(300)],
}
"""The certificates of the registry, and their things."""
PROVING = role_id("DeviceRole")


class Iot:
    """A registry in a few lines: it answers what AWS IoT would, and takes nothing but what AWS IoT would take."""

    meta = SimpleNamespace(region_name=REGION)

    class exceptions:  # noqa: N801 - botocore's own name
        """What it raises."""

        class ResourceNotFoundException(Exception):
            """There is no such certificate."""

    def describe_certificate(self, *, certificateId: str) -> Any:  # noqa: N803 - as above
        """Know the certificates of the registry; 64 hex digits are what AWS takes."""
        assert re.fullmatch(r"[0-9a-f]{64}", certificateId)
        if certificateId not in THINGS_OF:
            raise self.exceptions.ResourceNotFoundException
        return {"certificateDescription": {"certificateArn": f"arn:aws:iot:::cert/{certificateId}"}}

    def get_paginator(self, operation: str) -> Any:
        """List the things of a certificate or of an instance."""
        return SimpleNamespace(paginate=getattr(self, operation))

    def list_principal_things(self, *, principal: str, **_: Any) -> Any:
        """The things of a certificate."""
        return [{"things": THINGS_OF[principal.rpartition("/")[2]]}]

    def list_things(self, *, attributeName: str, attributeValue: str, **_: Any) -> Any:  # noqa: N803 - as above
        """The things of an instance."""
        assert attributeName == "ec2InstanceId"
        assert re.fullmatch(r"i-([0-9a-f]{8}|[0-9a-f]{17})", attributeValue)
        return [{"things": [{"thingName": "gateway-01"}] if attributeValue == GATEWAY else []}]


class Aliases:
    """One role alias, whose role only the credentials provider may assume."""

    def all(self) -> list[RoleAliasFacts]:
        """Return its facts."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/DeviceRole"
        facts: dict[str, Any] = {"alias": "device", "role_name": "DeviceRole", "role_arn": arn, "role_id": PROVING}
        return [RoleAliasFacts(**facts, only_credentials_provider=True)]


IOT: Any = Iot()
ATTRIBUTOR = Attributor(IOT, Aliases(), ACCOUNT)

HOSTILE: list[Any] = [
    *(None, True, False, 0, 1, -1, 5, 9.99, 10**30, -(10**400), 1e308, 1_792_505_727, 1_792_505_727_331),
    *("", " ", "5", "8.9", "-5", "99", "NaN", "true", "\x00", "\u202e", "<b>", "${iot:ClientId}", "*", "x" * 10_240),
    *([], [[]], {}, {"": {}}, [None], [{}], {"Id": 1, "id": 2}, "AssumedRole", "AttackSequence", GATEWAY),
    *(f"{PROVING}:{certificate_id(name)}" for name in (*FLEET, "retired-01", SHARED, "nobody")),
    *(f"{role_id('PlantOperator')}:{certificate_id('camera-01')}", f"{PROVING}:{'A' * 64}", f"{PROVING}:../{'a' * 61}"),
    *("2026-10-20T14:15:27.331Z", "2126-01-01T00:00:00Z", "2026-10-20", "210987654321", "us-east-1", ACCOUNT, REGION),
]
"""What a field may hold instead: of every type, of every length, and what would lead somewhere."""


WAYS = ("replace", "drop", "double", "respell", "replace")


class Sample(NamedTuple):
    """A finding to be damaged: its text, and every place in it."""

    text: str
    places: list[tuple[str | int, ...]]


@cache
def samples() -> list[Sample]:
    """Every GuardDuty finding of `events/` that is whole, and small enough to be damaged quickly."""
    whole = (path for path in EVENTS.glob("guardduty.finding.*.json") if not path.stem.endswith("-rejected"))
    found = sorted(path for path in whole if path.stat().st_size < 10_000)
    texts = [filled(path.read_text()) for path in found]
    return [Sample(text, list(places(json.loads(text)))) for text in texts]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a JSON value, from the outside in."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(child, (*path, key))


def part_of(event: Any, path: tuple[str | int, ...]) -> Any:
    """What holds the last step of a path; None where an earlier damage took it away."""
    for step in path[:-1]:
        try:
            event = event[step]
        except (KeyError, IndexError, TypeError):
            return None
    return event


def damage(event: Any, path: tuple[str | int, ...], value: Any, how: str) -> None:
    """Drop, replace, double or respell what stands at a place."""
    part, last = part_of(event, path), path[-1]
    if isinstance(part, list) and isinstance(last, int):
        part[last : last + 1] = {"drop": [], "double": part[last : last + 1] * 2}.get(how, [value])
    elif not isinstance(part, dict):
        return  # an earlier damage took it away
    elif how == "drop":
        part.pop(last, None)
    elif how == "replace":
        part[last] = value
    else:  # a second spelling: beside the first, or instead of it
        held = part.get(last) if how == "double" else part.pop(last, None)
        part[str(last)[:1].swapcase() + str(last)[1:]] = held


def damaged(sample: int, damages: list[int]) -> Any:
    """The n-th sample with these damages. Each is one number, since what takes the time is to draw them."""
    text, paths = samples()[sample % len(samples())]
    event = json.loads(text)
    for one in damages:
        rest, place = divmod(one, len(paths))
        rest, value = divmod(rest, len(HOSTILE))
        damage(event, paths[place], copy.deepcopy(HOSTILE[value]), WAYS[rest % len(WAYS)])
    return event


def judged(event: Any) -> list[Alarm] | AlarmRejected:
    """Read and attribute an event. Any error but a rejection leaves, and fails the test."""
    try:
        (alarm,) = read_alarms(json.dumps(event), received_at=RECEIVED_AT)
    except AlarmRejected as rejected:
        return rejected
    return ATTRIBUTOR.attribute(alarm)


def require_reason(rejected: AlarmRejected) -> None:
    """A field, what was found and what was expected, in one printable line."""
    assert rejected.field
    assert rejected.found
    assert rejected.expected
    assert len(str(rejected)) < 900
    assert str(rejected).isprintable()


def require_no_wrong_thing(alarm: Alarm, text: str) -> None:
    """A thing is there only by a clue that stands in the event, and proven only by the role that proves it."""
    attribution = alarm.attribution
    assert attribution is not None
    assert (alarm.thing_name is None) == (attribution.certainty is Certainty.UNKNOWN)
    assert encode(alarm.model_dump(mode="json"))
    assert len(alarm.model_dump_json()) < 50_000
    if alarm.thing_name is None:
        return
    assert THING_NAME.fullmatch(alarm.thing_name)
    assert (alarm.account, alarm.region) == (ACCOUNT, REGION)
    by_certificate = certificate_id(alarm.thing_name) in text
    assert by_certificate or (alarm.thing_name == "gateway-01" and GATEWAY in text)
    if attribution.certainty is Certainty.PROVEN and by_certificate:
        assert f"{PROVING}:{certificate_id(alarm.thing_name)}" in text


@pytest.mark.parametrize("share", range(SHARES))
@given(sample=st.integers(0, 10**6), damages=st.lists(st.integers(0, 10**9), min_size=1, max_size=3))
@settings(deadline=None, max_examples=EXAMPLES // SHARES, database=None)
def test_a_damaged_finding_is_an_alarm_or_refused_and_about_no_wrong_thing(
    share: int, sample: int, damages: list[int]
) -> None:
    """Accepted, ignored (a sample, archived) or rejected with its reason: nothing else ever comes of it."""
    event = damaged(sample, damages)
    outcome, text = judged(event), json.dumps(event)
    if isinstance(outcome, AlarmRejected):
        require_reason(outcome)
        return
    assert outcome
    assert len({alarm.id for alarm in outcome}) == len(outcome) == len({alarm.thing_name for alarm in outcome})
    for alarm in outcome:
        assert alarm.kind in {AlarmKind.IN_ALARM, AlarmKind.ALARM_CLEARED}
        require_no_wrong_thing(alarm, text)


def test_the_damages_lead_everywhere() -> None:
    """The samples are read, and reach every certainty: else the test above would show nothing."""
    found = [judged(json.loads(sample.text)) for sample in samples()]
    certainties = {
        alarm.attribution.certainty for one in found if isinstance(one, list) for alarm in one if alarm.attribution
    }
    assert certainties == {Certainty.PROVEN, Certainty.INFERRED, Certainty.UNKNOWN}
    assert not any(isinstance(one, AlarmRejected) for one in found)
    assert any(isinstance(one, list) and len(one) > 1 for one in found)
    assert any(isinstance(one, list) and one[0].is_sample for one in found)
