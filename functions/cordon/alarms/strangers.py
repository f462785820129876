"""Messages that are known to land on an alarm topic without being an alarm that a source reads: what to say of them."""

from __future__ import annotations

from cordon.alarms.envelope import Envelope, EventBridgeEvent
from cordon.errors import AlarmRejected
from cordon.model.text import quoted

_MARKS = (
    (
        ("header", "metrics"),
        "a metrics report of a device",
        "an alarm: metrics go to the reserved topic $aws/things/<thing>/defender/metrics/json",
    ),
    (
        ("hed", "met"),
        "a metrics report of a device, in short keys",
        "an alarm: metrics go to the reserved topic $aws/things/<thing>/defender/metrics/json",
    ),
    (("taskId", "auditDetails"), "the summary of a Device Defender audit task", "an alarm of a source that is read"),
    (("findingId", "checkName"), "a finding of Device Defender Audit", "an alarm of a source that is read"),
    (("AlarmName", "NewStateValue"), "a CloudWatch alarm", "an alarm of a source that is read"),
)
"""The keys that a message of the kind has, what it is, and what should have come instead."""


def refusal_of(envelope: Envelope, *, sources: tuple[str, ...]) -> AlarmRejected:
    """Return why a message that no source recognises is rejected; `sources` are the names of those that are read."""
    if isinstance(envelope, EventBridgeEvent):
        found = f"{quoted(envelope.source)} with detail-type {quoted(envelope.detail_type)}"
        return AlarmRejected(field="source", found=found, expected=f"a source that is read: {', '.join(sources)}")
    for keys, what, expected in _MARKS:
        if all(key in envelope.message for key in keys):
            return AlarmRejected(field=keys[0], found=what, expected=expected)
    return AlarmRejected(
        field="Message",
        found=quoted(envelope.message),
        expected=f"an alarm of a source that is read: {', '.join(sources)}",
    )
