"""The part of a demo device's firmware that takes jobs: over MQTT only, and only as far as its policies let it.

What a device does about a job is its `JobBehaviour`; what it understands of one is in `repair`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from playtest.behaviours import GOOD, JobBehaviour
from playtest.fleet.broker import Broker, Refused
from playtest.fleet.repair import Outcome, Repair

_AT_ONCE = 10
"""Jobs that a device takes one after the other before it looks at its session again."""


@dataclass(frozen=True)
class _Taken:
    """A job that the device has taken: the execution as AWS described it, and when it is going to answer."""

    execution: Mapping[str, Any]
    answers_at: datetime


class JobAgent:
    """Takes the jobs of one thing, under one client id, one at a time."""

    def __init__(self, thing_name: str, client_id: str) -> None:
        self.behaviour: JobBehaviour = GOOD
        self.repair = Repair(thing_name)
        self._topics = f"$aws/things/{thing_name}/jobs"
        self._thing_name = thing_name
        self._client_id = client_id
        self._taken: _Taken | None = None

    def act(self, broker: Broker) -> bool:
        """Take what there is to do and answer what is due; say whether the device has to connect anew.

        The device must be connected. One that is turned away has lost its session, and tries again the next time.
        """
        try:
            for _ in range(_AT_ONCE):
                if not self._has_to_answer(broker):
                    return False
                if self._answer(broker):
                    return True
        except Refused:
            pass  # the broker has disconnected it and remembers the refusal
        return False

    def was_heard(self, broker: Broker) -> None:
        """Notice that its telemetry is let through: one that is still compromised shows it now, once."""
        if self.behaviour.alarms_again and self.repair.is_done:
            self.repair.is_done = False
            broker.detected(_in_alarm(self._thing_name, broker.now()))

    def _has_to_answer(self, broker: Broker) -> bool:
        if self._taken is None and self.behaviour.takes_jobs:
            self._take(broker)
        return self._taken is not None and self._taken.answers_at <= broker.now()

    def _take(self, broker: Broker) -> None:
        if broker.news(self._client_id, f"{self._topics}/notify-next") is None:
            return
        execution = self._ask(broker, "start-next", {}).get("execution")
        if execution is not None:
            self._taken = _Taken(execution, broker.now() + self.behaviour.answers_after)
            if self.behaviour.answers_after:
                broker.call_later(self.behaviour.answers_after)

    def _answer(self, broker: Broker) -> bool:
        taken, self._taken = self._taken, None
        if taken is None:
            return False
        outcome = self.repair.carry_out(self.behaviour, taken.execution["jobDocument"], self._principal(broker))
        if outcome.shadow:
            topic = f"$aws/things/{self._thing_name}/shadow/name/$package/update"
            broker.publish(self._client_id, topic, {"state": {"reported": outcome.shadow}})
        was_taken = self._report(broker, taken.execution, outcome)
        if was_taken and outcome.comes_back:
            broker.leave(self._client_id)
        return was_taken and outcome.comes_back

    def _report(self, broker: Broker, execution: Mapping[str, Any], outcome: Outcome) -> bool:
        said = {"status": outcome.status, "statusDetails": dict(outcome.details)}
        expected = {"expectedVersion": execution["versionNumber"], "includeJobExecutionState": True}
        # What AWS answers is empty where it refused: the job was canceled or has timed out since.
        return bool(self._ask(broker, f"{execution['jobId']}/update", {**said, **expected}))

    def _ask(self, broker: Broker, request: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what AWS accepts the request with; nothing where it rejects it, or the device may not hear it."""
        topic = f"{self._topics}/{request}"
        for answer in ("accepted", "rejected"):
            broker.subscribe(self._client_id, f"{topic}/{answer}")
        reply = broker.publish(self._client_id, topic, message)
        return reply.message if reply and reply.topic.endswith("/accepted") else {}

    def _principal(self, broker: Broker) -> str:
        session = broker.sessions.get(self._client_id)
        return session.principal if session else ""


def _in_alarm(thing_name: str, at: datetime) -> Mapping[str, Any]:
    """Return what Device Defender publishes of a thing that sends too much (AWS-FACTS 2)."""
    return {
        "violationEventTime": int(at.timestamp() * 1000),
        "thingName": thing_name,
        "behavior": {
            "name": "MessagesSent",
            "metric": "aws:num-messages-sent",
            "criteria": {"comparisonOperator": "less-than", "value": {"count": 10}, "durationSeconds": 300},
        },
        "violationEventType": "in-alarm",
        "metricValue": {"count": 54},
        "violationId": uuid4().hex,
        "securityProfileName": "BottlingPlantDevices",
    }
