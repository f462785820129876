"""What became of each delivery, as the record tells it."""

from __future__ import annotations

from cordon.incidents.table import Row

from playtest.result import AlarmResult, Fate, Rejection
from playtest.run.delivery import Delivery
from playtest.run.raw_alarm import Event
from playtest.run.record import Record

_ACCEPTED = frozenset({Fate.OPENED, Fate.JOINED, Fate.NOTED})
_UNROUTED = "no rule of the template routes it (source {source}, detail-type {kind})"
_LOST = "it was delivered, and the record has no trace of it"


def alarm_results(delivery: Delivery, record: Record) -> list[AlarmResult]:
    """Return what became of the delivery: one entry, or one for each alarm that it held."""
    if delivery.refusal is not None:
        return [_untold(delivery, Fate.REFUSED, f"SNS refused it: {delivery.refusal}")]
    if delivery.id is None:
        source, kind = _words(delivery)
        return [_untold(delivery, Fate.UNROUTED, _UNROUTED.format(source=source, kind=kind))]
    found = record.of_delivery(delivery.id)
    return [_told(delivery, row) for row in found] or [_untold(delivery, Fate.LOST, _LOST)]


def refusals(delivered: list[Delivery]) -> list[Rejection]:
    """Return what SNS itself refused: it never came to triage, and is counted with what triage rejects."""
    return [
        Rejection(reason=f"SNS refused it: {one.refusal}", field="Message", by="sns", delivery=None)
        for one in delivered
        if one.refusal is not None
    ]


def _told(delivery: Delivery, row: Row) -> AlarmResult:
    source, kind = _words(delivery)
    became = Fate(row["became"])
    return AlarmResult(
        file=delivery.file,
        delivery=delivery.id,
        source=row.get("source") or source,
        kind=row.get("kind") or kind,
        accepted=became in _ACCEPTED,
        became=became,
        reason=row.get("reason"),
        field=row.get("field"),
        incident=row.get("incident_id"),
    )


def _untold(delivery: Delivery, became: Fate, reason: str) -> AlarmResult:
    source, kind = _words(delivery)
    return AlarmResult(
        file=delivery.file,
        delivery=delivery.id,
        source=source,
        kind=kind,
        accepted=False,
        became=became,
        reason=reason,
        field="Message" if became is Fate.REFUSED else None,
    )


def _words(delivery: Delivery) -> tuple[str | None, str | None]:
    """Return what an event says of its own source and kind; a message says neither where everybody can read it."""
    post = delivery.post
    return (post.word("source"), post.word("detail-type")) if isinstance(post, Event) else (None, None)
