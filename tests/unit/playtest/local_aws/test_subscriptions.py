from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from unittest import mock

from moto.sns import models

from .conftest import StartMiniature


def test_a_message_is_dated_in_virtual_time(handlers: Any, start_miniature: StartMiniature) -> None:
    """The envelope's Timestamp is of the clock that waits move on; this fails when moto dates messages otherwise."""
    dated: list[datetime] = []

    def triage(event: Any, _context: Any) -> None:
        dated.extend(datetime.fromisoformat(json.loads(one["body"])["Timestamp"]) for one in event["Records"])

    handlers.triage = triage
    with start_miniature() as aws:
        aws.clock.advance(3600)
        earliest = aws.clock.now().replace(microsecond=0)
        aws.publish_alarm("{}")
        aws.settle()
    assert len(dated) == 1
    assert dated[0] >= earliest


def test_every_subscription_signs_with_one_key(start_miniature: StartMiniature) -> None:
    """moto makes a key of 2,048 bits for each; this fails when it makes them in another way."""
    with start_miniature() as aws:
        aws.publish_alarm("{}")
    with (
        start_miniature() as aws,
        mock.patch.object(models.rsa, "generate_private_key", side_effect=AssertionError("a second key")),
    ):
        assert aws.publish_alarm("{}")
