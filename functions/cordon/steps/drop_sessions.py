"""Drop the thing's live sessions. The certificates are shut by now, so that it cannot come straight back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordon import clients
from cordon.actions.session import client_id_of, drop
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.steps.step import StepRequest, StepResult, incidents, step, things
from cordon.things.facts import ThingReader

if TYPE_CHECKING:
    from mypy_boto3_iot_data import IoTDataPlaneClient


def drop_sessions(
    request: StepRequest, record: Incidents, reader: ThingReader, iot_data: IoTDataPlaneClient
) -> StepResult:
    """Drop every session of the plan that is still the thing's own, connected or not; 404 is success."""
    incident = record.claimed(request.incident_id, request.execution)
    ledger = Ledger(record, request.incident_id, request.execution)
    planned = {client_id_of(effect): effect for effect in incident.plan_effects}
    # Asked again, because a client id may have passed to another thing since it was planned.
    for session in reader.sessions_of(list(planned), incident.thing):
        if session.foreign is None:
            effect = planned[session.client_id]
            ledger.brought_about(effect, drop(iot_data, effect))
    return StepResult()


@step(StepRequest)
def lambda_handler(request: StepRequest) -> StepResult:
    """Drop the sessions."""
    return drop_sessions(request, incidents(), things(), clients.iot_data())
