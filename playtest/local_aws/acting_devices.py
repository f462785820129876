"""Let the devices of a fleet act in a local AWS: in virtual time, and seen by Device Defender."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playtest.fleet import Broker
from playtest.local_aws import calls
from playtest.local_aws.runtime import Runtime


def let_act(running: Runtime, broker: Broker, publish_alarm: Callable[[str], Any] | None) -> None:
    """Let what devices do later come about by itself, once everything else waits.

    `publish_alarm` takes what Device Defender would publish; None: nobody listens to it.
    """

    def call_later(delay: timedelta) -> None:
        seconds = delay.total_seconds()
        running.background.run("a device", lambda: running.background.sleep(running.clock, seconds))

    broker.call_later = call_later
    if publish_alarm is not None:
        # Whoever lets the time pass in which a device does this, a function say, is not who publishes.
        broker.detected = lambda alarm: calls.as_nobody(lambda: publish_alarm(json.dumps(alarm)))
