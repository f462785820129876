"""A thing of AWS IoT to read, and what the broker says of its sessions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from cordon.model.thing import ThingFacts
from cordon.things.facts import ThingReader
from moto.iot.models import iot_backends

from playtest.fleet.certificates import demo_ca, demo_certificate
from playtest.local_aws.iot_dynamic_groups import leave_policy

from ..conftest import ACCOUNT, REGION, THING, Bed


def document(*actions: str, effect: str = "Allow") -> str:
    """Return a policy of one statement about these actions on everything."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Asked:
    """A client of the local AWS that keeps the name of each call, and answers some itself: no fleet lives here."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.calls: list[str] = []
        self.answers: dict[tuple[str, str], Any] = {}

    def __getattr__(self, name: str) -> Any:
        """Return what the real client has, with its calls kept."""
        found = getattr(self._real, name)
        return found if name in {"meta", "exceptions"} else self._kept(name, found)

    def _kept(self, name: str, found: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self.calls.append(name)
            answer = self.answers.get((name, next(iter(named.values()), "")))
            if isinstance(answer, Exception):
                raise answer
            return found(*given, **named) if answer is None else answer

        return call


@dataclass
class Registry:
    """The things of a test, and the reader over them."""

    bed: Bed
    iot: Asked = field(init=False)
    iot_data: Asked = field(init=False)

    def __post_init__(self) -> None:
        self.iot, self.iot_data = Asked(self.bed.iot), Asked(self.bed.client("iot-data"))
        self.bed.iot.register_ca_certificate(caCertificate=demo_ca().pem, certificateMode="SNI_ONLY", setAsActive=True)

    @property
    def reader(self) -> ThingReader:
        """Return a reader that has read nothing yet, under a policy that says nothing of criticality."""
        iot: Any = self.iot
        iot_data: Any = self.iot_data
        return ThingReader(iot, iot_data, policy=ResponsePolicy(playbooks={}))

    def read(self, name: str = THING) -> ThingFacts:
        """Return the facts of a thing that is there."""
        facts = self.reader.read(name)
        assert facts is not None
        return facts

    def thing(self, name: str = THING, **attributes: str) -> None:
        """Make a thing."""
        self.bed.iot.create_thing(thingName=name, attributePayload={"attributes": attributes})

    def policy(self, name: str, *actions: str) -> str:
        """Make a policy that allows these actions, and return its name."""
        self.bed.iot.create_policy(policyName=name, policyDocument=document(*actions))
        return name

    def certificate(self, *policies: str, things: tuple[str, ...] = (THING,)) -> str:
        """Make an active certificate of these things, with these policies, and return its id."""
        made = self.bed.iot.register_certificate(
            certificatePem=demo_certificate("+".join([*things, *policies])).pem,
            caCertificatePem=demo_ca().pem,
            status="ACTIVE",
        )
        for thing in things:
            self.bed.iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
        for policy in policies:
            self.bed.iot.attach_policy(policyName=policy, target=made["certificateArn"])
        found: str = made["certificateId"]
        return found

    def group(self, name: str, *policies: str, parent: str | None = None, member: str | None = THING) -> str:
        """Make a group with these policies, with a thing in it, and return its ARN."""
        above = {"parentGroupName": parent} if parent else {}
        arn: str = self.bed.iot.create_thing_group(thingGroupName=name, **above)["thingGroupArn"]
        for policy in policies:
            self.bed.iot.attach_policy(policyName=policy, target=arn)
        if member:
            self.bed.iot.add_thing_to_thing_group(thingGroupName=name, thingName=member)
        return arn

    def groups(self, count: int) -> None:
        """Make so many groups without a policy, with the thing in each."""
        for number in range(count):
            self.group(f"group-{number}")

    def dynamic_group(self, name: str, *policies: str, query: str = f"thingName:{THING}") -> str:
        """Make a group whose query finds the thing, with policies that it has of old, and return its ARN."""
        arn: str = self.bed.iot.create_dynamic_thing_group(thingGroupName=name, queryString=query)["thingGroupArn"]
        for policy in policies:
            leave_policy(iot_backends[ACCOUNT][REGION], policy, arn)
        return arn

    def last_seen_as(self, client_id: str, thing: str = THING) -> None:
        """Let fleet indexing say under which client id the thing was seen last."""
        answer = {"thingName": thing, "connected": False, "clientId": client_id}
        self.iot.answers["get_thing_connectivity_data", thing] = answer

    def session(self, client_id: str, **facts: Any) -> None:
        """Let the broker say something of a client id; of all others it says that they have no session."""
        self.iot_data.answers["get_connection", client_id] = {"clientId": client_id, **facts}


@pytest.fixture
def registry(bed: Bed) -> Registry:
    """An empty registry of things."""
    return Registry(bed)
