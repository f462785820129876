"""Who acted in a finding of GuardDuty, and what was only acted upon."""

from __future__ import annotations

from typing import Any

import pytest
from cordon.model.alarm import Clue, ClueKind

from .conftest import Load
from .test_guardduty import read, session


def connection(direction: str | None) -> dict[str, Any]:
    """A connection in that direction."""
    return {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {"connectionDirection": direction}}


EC2, RUNTIME = "UnauthorizedAccess:EC2/SSHBruteForce", "Execution:Runtime/ReverseShell"
PROCESS = {"process": {"name": "sh"}}
DNS, PROBE = {"actionType": "DNS_REQUEST"}, {"actionType": "PORT_PROBE", "portProbeAction": {"blocked": False}}
# The finding's type, resourceRole, action and runtimeDetails, and whether the instance itself acted.
DOINGS = [
    (EC2, "ACTOR", connection("OUTBOUND"), None, True),
    (EC2, "ACTOR", DNS, None, True),
    (EC2, "ACTOR", None, None, True),
    (EC2, None, connection("OUTBOUND"), None, True),
    (EC2, "ACTOR", connection("INBOUND"), None, False),
    (EC2, "ACTOR", connection("UNKNOWN"), None, False),
    (EC2, "ACTOR", connection(None), None, False),
    (EC2, "ACTOR", {"actionType": "NETWORK_CONNECTION"}, None, False),
    (EC2, "ACTOR", PROBE, None, False),
    (EC2, "TARGET", connection("INBOUND"), None, False),
    (EC2, "TARGET", connection("OUTBOUND"), None, False),
    (EC2, "TARGET", PROBE, None, False),
    (EC2, "TARGET", None, None, False),
    (EC2, "actor", DNS, None, False),
    (EC2, None, DNS, None, False),
    (EC2, None, None, None, False),
    (EC2, None, {}, PROCESS, False),
    (RUNTIME, "TARGET", {}, PROCESS, True),
    (RUNTIME, None, None, PROCESS, True),
    (RUNTIME, "TARGET", connection("OUTBOUND"), PROCESS, True),
    (RUNTIME, "TARGET", connection("INBOUND"), PROCESS, False),
    (RUNTIME, "TARGET", {}, None, False),
    (RUNTIME, "TARGET", {}, {}, False),
    ("UnauthorizedAccess:EC2/Runtime:Runtime/x", None, {}, PROCESS, False),
]


@pytest.mark.parametrize(("kind", "role", "action", "details", "acted"), DOINGS)
@pytest.mark.parametrize("is_pascal", [False, True])
def test_an_instance_acted_only_where_the_finding_says_so(
    load_finding: Load, *, kind: str, role: Any, action: Any, details: Any, acted: bool, is_pascal: bool
) -> None:
    """Anybody can connect to it or probe its ports: that, a contradiction and silence are no deed of its own."""
    event = load_finding("runtime-empty-action")
    event["detail"]["type"] = kind
    said = {"resourceRole": role, "action": action, "runtimeDetails": details}
    event["detail"]["service"] = _in_pascal_case(said) if is_pascal else said
    assert [(clue.value, clue.acted) for clue in read(event).clues] == [("i-0c0ffee0c0ffee001", acted)]


def _in_pascal_case(value: Any) -> Any:
    """Spell keys as GetFindings does."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _in_pascal_case(inner) for key, inner in value.items()}
    return value


def test_a_resource_of_a_sequence_acted_only_where_it_is_an_actor(load_finding: Load) -> None:
    """What an attack came upon is no attacker; where nothing has a name, nothing is the same."""
    event = load_finding("attack-sequence-victim")
    sequence = event["detail"]["service"]["detection"]["sequence"]
    sequence["resources"].append({"uid": "i-0c0ffee0c0ffee001", "resourceType": "EC2_INSTANCE"})
    victim = Clue(kind=ClueKind.EC2_INSTANCE, value="i-0c0ffee0c0ffee001")
    assert read(event).clues == [session("mixer-01", acted=False), victim]
    sequence["actors"].append({"process": {"name": "sh"}})
    del sequence["resources"][0]["uid"]
    assert read(event).clues == [session("mixer-01", acted=False), victim]
    sequence["actors"].append({"id": "i-0c0ffee0c0ffee001"})
    assert read(event).clues == [session("mixer-01", acted=False), victim.model_copy(update={"acted": True})]
