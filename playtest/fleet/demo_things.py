"""The bottling plant as data: its things, groups and policies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from playtest.fleet.devices import Behaviour

ROLE_ALIAS = "device"
DEVICE_ROLE = "DeviceRole"
"""The role behind the role alias: only the credentials provider of AWS IoT assumes it."""
OPERATOR_ROLE = "PlantOperator"
"""Behind no role alias, and people assume it too: who does may name his session after any certificate."""
IDENTITY_POOL = "plant_tablets"

UNATTACHED_CERTIFICATES = ("retired-01",)
"""Labels of certificates that are registered and of no thing any more."""

GROUPS: Mapping[str, str | None] = {"plant": None, "line-1": "plant", "line-2": "plant", "safety": "plant"}
"""Group and its parent."""

_THING_NAME = "${iot:Connection.Thing.ThingName}"


@dataclass(frozen=True)
class ThingSpec:
    """One thing of the plant.

    `certificates` are the labels (common names) of its certificates: things that name the same label share it. An empty
    `client_id` means the thing's name. `exclusive` attaches EXCLUSIVE_THING, so that AWS knows the thing by another
    client id; `cognito` makes a Cognito identity its principal.
    """

    name: str
    thing_type: str
    groups: tuple[str, ...]
    policies: tuple[str, ...] = ("plant-device",)
    attributes: Mapping[str, str] = field(default_factory=dict)
    certificates: tuple[str, ...] = ()
    client_id: str = ""
    exclusive: bool = False
    cognito: bool = False
    behaviour: Behaviour = Behaviour.STEADY


def own(
    name: str, thing_type: str, *groups: str, policies: tuple[str, ...] = ("plant-device",), **more: str
) -> ThingSpec:
    """Return a thing with one certificate of its own, `more` being its attributes."""
    return ThingSpec(name, thing_type, groups, policies=policies, attributes=more, certificates=(name,))


THINGS: tuple[ThingSpec, ...] = (
    *(own(f"pump-0{number}", "pump", f"line-{1 + number // 3}", site="hall-a") for number in (1, 2, 3, 4)),
    own("valve-controller-01", "valve-controller", "line-1", "safety", criticality="safety-critical", site="hall-a"),
    own("camera-01", "camera", "line-1", policies=("plant-device", "plant-video"), site="hall-a"),
    own("camera-02", "camera", "line-2", policies=("plant-device", "plant-video"), site="hall-b"),
    own(
        "gateway-01", "gateway", "plant", policies=("plant-device", "plant-video"), ec2InstanceId="i-0c0ffee0c0ffee001"
    ),
    ThingSpec("filler-01", "filler", ("line-1",), ("plant-filler",), certificates=("filler-line",)),
    ThingSpec("filler-02", "filler", ("line-2",), ("plant-filler",), certificates=("filler-line",)),
    ThingSpec(
        "labeller-01",
        "labeller",
        ("line-1",),
        ("plant-labeller",),
        certificates=("labeller-01",),
        client_id="line-1-labeller",
        exclusive=True,
    ),
    ThingSpec("tablet-01", "tablet", ("plant",), ("plant-tablet",), cognito=True),
    ThingSpec("mixer-01", "mixer", ("line-2",), certificates=("mixer-01", "mixer-01-spare")),
    ThingSpec("capper-01", "capper", ("line-2",), ("plant-capper",), certificates=("capper-01",)),
    ThingSpec("spare-01", "pump", (), (), behaviour=Behaviour.OFFLINE),
)

_CREDENTIALS_PROVIDER = {"Service": "credentials.iot.amazonaws.com"}
_PEOPLE = {"AWS": "arn:aws:iam::123456789012:root"}

ROLES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    DEVICE_ROLE: (_CREDENTIALS_PROVIDER,),
    OPERATOR_ROLE: (_CREDENTIALS_PROVIDER, _PEOPLE),
}
"""Each role of the plant, and who may assume it."""

GROUP_POLICIES: Mapping[str, tuple[str, ...]] = {"line-2": ("line-2-commands",)}
"""The policies of a group bind its things where clientId is the thing's name: capper-01 may more than its own says."""


def trust_policy(principals: Sequence[Mapping[str, str]]) -> str:
    """Return the trust policy of a role that these principals may assume, as JSON."""
    allowed = [{"Effect": "Allow", "Principal": dict(who), "Action": "sts:AssumeRole"} for who in principals]
    return json.dumps(_policy(*allowed))


def policy_documents(region: str, account: str) -> dict[str, str]:
    """Return every policy of the plant as JSON by name, for this Region and account."""
    return {name: json.dumps(document) for name, document in _policies(f"arn:aws:iot:{region}:{account}").items()}


def _policies(iot: str) -> dict[str, object]:
    return {
        "plant-device": _policy(
            _connect(iot, _THING_NAME, attached=True),
            *_topics(iot, f"dt/{_THING_NAME}/*", f"$aws/things/{_THING_NAME}/*"),
        ),
        "plant-video": _policy(_allow("iot:AssumeRoleWithCertificate", f"{iot}:rolealias/{ROLE_ALIAS}")),
        "plant-filler": _policy(_connect(iot, "filler-*"), *_topics(iot, "dt/${iot:ClientId}/*")),
        "plant-labeller": _policy(_connect(iot, "line-1-labeller"), *_topics(iot, "dt/labeller-01/*")),
        "plant-tablet": _policy(_connect(iot, "tablet-*"), *_topics(iot, "dt/${iot:ClientId}/*")),
        "plant-capper": _policy(_connect(iot, _THING_NAME), _allow("iot:Publish", f"{iot}:topic/dt/{_THING_NAME}/*")),
        "line-2-commands": _policy(_connect(iot, _THING_NAME), *_topics(iot, "cmd/line-2/*")),
    }


def _policy(*statements: Mapping[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(action: str | list[str], *resources: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def _connect(iot: str, client: str, *, attached: bool = False) -> dict[str, object]:
    statement = _allow("iot:Connect", f"{iot}:client/{client}")
    condition = {"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}}
    return statement | ({"Condition": condition} if attached else {})


def _topics(iot: str, *topics: str) -> list[dict[str, object]]:
    return [
        _allow(["iot:Publish", "iot:Receive"], *(f"{iot}:topic/{topic}" for topic in topics)),
        _allow("iot:Subscribe", *(f"{iot}:topicfilter/{topic}" for topic in topics)),
    ]
