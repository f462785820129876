"""DeleteConnection, GetConnection and GetThingConnectivityData answer as AWS IoT does, from the broker's sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import botocore.session
import pytest
from moto.iotdata.responses import IoTDataPlaneResponse

from playtest.fleet import Behaviour, DemoFleet
from playtest.fleet.broker import use
from playtest.local_aws import moto_methods

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """The plant."""
    return fleet_of()


def data(fleet: DemoFleet) -> Any:
    """The data plane's client."""
    return fleet.aws.client("iot-data")


def test_a_live_connection_is_described(fleet: DemoFleet) -> None:
    """Who is connected is told with thing, client id and the time in milliseconds."""
    found = data(fleet).get_connection(clientId="pump-01")
    session = fleet.broker.sessions.get("pump-01")
    assert session is not None
    assert (found["connected"], found["thingName"], found["clientId"]) == (True, "pump-01", "pump-01")
    assert found["connectedSince"] == int(session.connected_since.timestamp() * 1000)
    assert found["cleanSession"] is False
    assert "disconnectReason" not in found


def test_a_dropped_connection_says_when_and_why(fleet: DemoFleet) -> None:
    """After DeleteConnection the session is there to be asked about, and closed."""
    data(fleet).delete_connection(clientId="pump-01")
    found = data(fleet).get_connection(clientId="pump-01")
    assert found["connected"] is False
    assert found["disconnectReason"] == "API_INITIATED_DISCONNECT"
    assert found["disconnectedSince"] >= found["connectedSince"]


@pytest.mark.parametrize("client_id", ["pump-01", "nobody"])
def test_dropping_who_is_offline_is_a_404(fleet: DemoFleet, client_id: str) -> None:
    """Without a live session there is nothing to delete."""
    fleet.behave("pump-01", Behaviour.OFFLINE)
    fleet.broker.tick()
    with pytest.raises(data(fleet).exceptions.ResourceNotFoundException) as refusal:
        data(fleet).delete_connection(clientId=client_id)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_asking_for_an_unknown_client_is_a_404(fleet: DemoFleet) -> None:
    """A client that never came is not described."""
    with pytest.raises(data(fleet).exceptions.ResourceNotFoundException):
        data(fleet).get_connection(clientId="nobody")


def test_a_client_id_that_cannot_be_is_an_invalid_request(fleet: DemoFleet) -> None:
    """No client id begins with a dollar."""
    with pytest.raises(data(fleet).exceptions.InvalidRequestException):
        data(fleet).delete_connection(clientId="$aws")


@pytest.mark.parametrize("client_id", ["a/b", "ä b", "%41", "*"])
def test_any_client_id_travels_unharmed(fleet: DemoFleet, client_id: str) -> None:
    """Devices choose their client ids: slashes, blanks, percent signs and any letter arrive as they are."""
    certificate = fleet.add_thing("walker").device.principals[0]
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    fleet.iot.create_policy(policyName="anything", policyDocument=everything)
    fleet.iot.attach_policy(policyName="anything", target=certificate)
    fleet.aws.clock.advance(430)  # type: ignore[attr-defined] # the clock of the local AWS can
    fleet.broker.connect(client_id, certificate)
    assert data(fleet).get_connection(clientId=client_id)["connected"] is True
    data(fleet).delete_connection(clientId=client_id)
    assert data(fleet).get_connection(clientId=client_id)["connected"] is False


def test_a_clean_session_leaves_nothing_to_ask_about(fleet: DemoFleet) -> None:
    """With cleanSession the state is gone, while the thing's connectivity data keep the reason; a will is accepted."""
    data(fleet).delete_connection(clientId="pump-01", cleanSession=True, preventWillMessage=True)
    with pytest.raises(data(fleet).exceptions.ResourceNotFoundException):
        data(fleet).get_connection(clientId="pump-01")
    found = fleet.iot.get_thing_connectivity_data(thingName="pump-01")
    assert found["disconnectReason"] == "API_INITIATED_DISCONNECT"


def test_the_connectivity_data_of_a_thing_follow_its_session(fleet: DemoFleet) -> None:
    """Connected since, then disconnected at, with the client id of the session."""
    found = fleet.iot.get_thing_connectivity_data(thingName="pump-01")
    assert (found["thingName"], found["connected"], found["clientId"]) == ("pump-01", True, "pump-01")
    assert isinstance(found["timestamp"], datetime)
    data(fleet).delete_connection(clientId="pump-01")
    after = fleet.iot.get_thing_connectivity_data(thingName="pump-01")
    assert (after["connected"], after["disconnectReason"]) == (False, "API_INITIATED_DISCONNECT")
    assert after["timestamp"] >= found["timestamp"]


def test_the_connectivity_data_of_an_exclusive_thing_name_its_client_id(fleet: DemoFleet) -> None:
    """This is how one finds out by which client id the labeller is connected."""
    found = fleet.iot.get_thing_connectivity_data(thingName="labeller-01")
    assert (found["connected"], found["clientId"]) == (True, "line-1-labeller")


def test_a_thing_that_never_connected_is_not_connected(fleet: DemoFleet) -> None:
    """AWS says connected=false and nothing more."""
    found = fleet.iot.get_thing_connectivity_data(thingName="spare-01")
    assert {name: value for name, value in found.items() if name != "ResponseMetadata"} == {
        "thingName": "spare-01",
        "connected": False,
    }


def test_the_connectivity_data_of_an_unknown_thing_are_a_404(fleet: DemoFleet) -> None:
    """A thing that is not registered is not found."""
    with pytest.raises(fleet.iot.exceptions.ResourceNotFoundException):
        fleet.iot.get_thing_connectivity_data(thingName="nobody")


def test_without_a_fleet_nobody_is_connected(plain_aws: Any) -> None:
    """A local AWS without a broker has no sessions, and no broker of an earlier one answers for it."""
    client = plain_aws.client("iot-data")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_connection(clientId="pump-01")
    plain_aws.client("iot").create_thing(thingName="pump-01")
    assert plain_aws.client("iot").get_thing_connectivity_data(thingName="pump-01")["connected"] is False


def test_another_broker_can_be_put_in_use(fleet: DemoFleet) -> None:
    """`use` says which broker the APIs speak to."""
    empty = type(fleet.broker)(fleet.broker.registry, fleet.broker.now)
    use(empty)
    with pytest.raises(data(fleet).exceptions.ResourceNotFoundException):
        data(fleet).get_connection(clientId="pump-01")


def test_every_reason_of_the_broker_is_one_of_awss() -> None:
    """What the broker gives as a reason stands in the enum of GetThingConnectivityData."""
    model = botocore.session.get_session().get_service_model("iot")
    known = set(model.shape_for("DisconnectReasonValue").enum)  # type: ignore[attr-defined] # a string shape has it
    used = {"API_INITIATED_DISCONNECT", "AUTH_ERROR", "CLIENT_INITIATED_DISCONNECT", "DUPLICATE_CLIENTID"}
    assert used | {"FORBIDDEN_ACCESS"} <= known


def test_moto_has_not_learnt_these_operations_by_itself() -> None:
    """What is added is ours; the day moto has it, adding it fails and this module can go."""
    for name in ("delete_connection", "get_connection"):
        assert getattr(IoTDataPlaneResponse, name).__module__ == "playtest.local_aws.iot_data"
    with pytest.raises(moto_methods.MotoChanged):
        moto_methods.add(IoTDataPlaneResponse, publish=lambda _: None)
    with pytest.raises(moto_methods.MotoChanged):
        moto_methods.replace(IoTDataPlaneResponse, no_such_method=lambda _: None)
