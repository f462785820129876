"""The shape of a source: one module that makes alarms of what one detector sends.

A new detector is a new module with these three names, added to `reading.SOURCES`, and a rule or subscription that
brings its messages to the alarm queue. Nothing else of Cordon changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cordon.alarms.envelope import Envelope
from cordon.model.alarm import Alarm


class Source(Protocol):
    """What `reading` needs of a source. A module satisfies it as it is."""

    @property
    def name(self) -> str:
        """What `Alarm.source` says, in the words of AWS: `device-defender-detect`."""
        ...

    def recognises(self, envelope: Envelope) -> bool:
        """Say whether this message is this source's to judge, also when it is malformed. Never raises.

        It looks at few and typical marks only (a `detail-type`, a key that nobody else has): a message that lost one
        field must still come to its source, which alone can say what is missing.
        """
        ...

    def parse(self, envelope: Envelope, *, received_at: datetime) -> list[Alarm]:
        """Return the alarms of one message: one, or as many as the message has findings.

        An alarm's id is `envelope.id`, with `/1`, `/2`, … appended when one message may hold several.

        Raises:
            AlarmRejected: what it says cannot be trusted; the field is its path within the SNS `Message`
                (`behavior.name`), or within the event (`detail.severity`).
        """
        ...
