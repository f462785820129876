"""A queue that holds thousands of messages, and loses none of them while others take some out.

moto counts all messages of a queue anew for each one that is sent, to learn whether the queue tells duplicates by what
they hold, and for each one that is received, to learn how long the queue keeps them; it looks at the clock for each
message of the list; and it deletes one by making another list, in which a message that somebody sends at that moment is
missing.
"""

from __future__ import annotations

import functools
import threading
from typing import Any, cast

from moto.core.utils import unix_time, unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Queue, SQSBackend

from playtest.local_aws.moto_methods import replace

_deleting = threading.Lock()
_sending = threading.local()


@functools.cache
def install() -> None:
    """Put the shorter ways in, once per process."""
    replace(Queue, messages=cast("Any", property(_to_be_received)), delete_message=_delete_message)
    replace(Queue, attributes=cast("Any", property(_asked_for(Queue))))
    replace(SQSBackend, is_message_valid_based_on_retention_period=_is_kept, send_message=_sent(SQSBackend))


def _sent(backend: Any) -> Any:
    original = backend.send_message

    @functools.wraps(original)
    def send_message(*args: Any, **kwargs: Any) -> Any:
        _sending.now = True
        try:
            return original(*args, **kwargs)
        finally:
            del _sending.now

    return send_message


def _asked_for(queue: Any) -> Any:
    """Return all attributes of a queue, or, while a message is sent, those that moto then asks for."""
    original = queue.attributes.fget

    @functools.wraps(original)
    def attributes(self: Any) -> Any:
        if not hasattr(_sending, "now"):
            return original(self)
        return {"ContentBasedDeduplication": str(self.content_based_deduplication).lower()} if self.fifo_queue else {}

    return attributes


def _to_be_received(queue: Any) -> list[Any]:
    """Return the messages that are neither in flight nor delayed, by one look at the clock."""
    now = unix_time_millis()
    return [message for message in list(queue._messages) if now > message.visible_at and now >= message.delayed_until]


def _delete_message(queue: Any, receipt_handle: str) -> None:
    """Take one message out of the list as it is; deleted a second time it is no error, as with AWS."""
    with _deleting:
        if receipt_handle in queue.deleted_messages:
            return
        found = next((one for one in list(queue._messages) if one.had_receipt_handle(receipt_handle)), None)
        if found is None:
            raise ReceiptHandleIsInvalid
        queue._messages.remove(found)
        queue.pending_messages.discard(found)
        queue.deleted_messages.update(found.all_receipt_handles)


def _is_kept(backend: Any, queue_name: str, message: Any) -> bool:
    kept_until = backend.get_queue(queue_name).message_retention_period + message.sent_timestamp / 1000
    return bool(kept_until > unix_time())
