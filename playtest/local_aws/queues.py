"""SQS feeds Lambda: the event source mapping's pollers, with batches, partial failures, redelivery and redrive.

moto calls the function inside SendMessage, one message at a time, and knows no partial batch. Here a mapping has
workers that take what is there, at once; what fails comes back at once, too, instead of after the visibility timeout.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import Any

from moto.awslambda.utils import get_backend
from moto.sqs.models import Queue, sqs_backends

from playtest.local_aws import lambda_bridge, runtime
from playtest.local_aws.runtime import Runtime

DEFAULT_CONCURRENCY = 5
"""Lambda starts with five pollers on a queue; a mapping's MaximumConcurrency may say less or more."""


class EventSourceMapping:
    """One event source mapping at work: workers that take batches from a queue until they are stopped."""

    def __init__(self, running: Runtime, queue: Any, mapping: Any, function: Any) -> None:
        """Stand between moto's `queue` and `function`, as moto's `mapping` says; nothing runs before `start`."""
        self._running = running
        self._queue = queue
        self._mapping = mapping
        self._function = function
        self._busy = 0
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the workers; `settle` waits for this queue from now on."""
        self._running.background.until_drained(self._drained)
        scaling = self._mapping.scaling_config or {}
        for number in range(int(scaling.get("MaximumConcurrency", DEFAULT_CONCURRENCY))):
            name = f"poller {number} of {self._queue.name}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Stop the workers once they have finished what they hold."""
        changed = self._running.background.changed
        with changed:
            self._stopped = True
            changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _drained(self) -> bool:
        return self._stopped or (self._busy == 0 and not self._queue._messages)

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                self._process(batch)
            finally:
                with self._running.background.changed:
                    self._busy -= 1
                    self._running.background.changed.notify_all()

    def _next_batch(self) -> list[Any]:
        """Wait for messages and take a batch; an empty one means stop."""
        changed = self._running.background.changed
        with changed:
            while not self._stopped:
                held = len(self._queue._messages)
                if batch := self._receive():
                    self._busy += 1
                    return batch
                if len(self._queue._messages) != held:
                    changed.notify_all()  # what was received too often has gone to the DLQ: `settle` looks again
                changed.wait()
        return []

    def _receive(self) -> list[Any]:
        if not self._queue._messages:
            return []
        visibility = int(self._queue.visibility_timeout or 30)
        received: list[Any] = _sqs(self._queue.region).receive_message(
            self._queue.name, self._mapping.batch_size, 0, visibility, ["All"]
        )
        return received

    def _process(self, batch: list[Any]) -> None:
        event = {"Records": [_record(message, self._queue) for message in batch]}
        invocation = lambda_bridge.run(self._function, event)
        failed = self._failed(batch, invocation)
        for message in batch:
            if message.id in failed:
                self._give_back(message.id)
            else:
                _sqs(self._queue.region).delete_message(self._queue.name, message.receipt_handle)

    def _failed(self, batch: list[Any], invocation: lambda_bridge.Invocation) -> set[str]:
        """The ids of the messages that come back: all after an error or an answer that makes no sense."""
        everything = {message.id for message in batch}
        if invocation.error is not None:
            return everything
        if "ReportBatchItemFailures" not in (self._mapping.function_response_types or []):
            return set()
        return _reported_failures(invocation.result, everything)

    def _give_back(self, message_id: str) -> None:
        for message in list(self._queue._messages):
            if message.id == message_id:
                message.visible_at = 0.0


def _reported_failures(result: Any, everything: set[str]) -> set[str]:
    """What an answer says of its batch; one that names what was not in it fails all of it (see the page above)."""
    if result is None or result == {}:
        return set()
    failures = result.get("batchItemFailures") if isinstance(result, dict) else None
    if failures is None:
        return set() if isinstance(result, dict) and "batchItemFailures" in result else everything
    names = {str(item.get("itemIdentifier")) if isinstance(item, dict) else "" for item in failures}
    return names if all(name in everything for name in names) else everything


def _record(message: Any, queue: Any) -> dict[str, Any]:
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {name: _attribute(value) for name, value in (message.message_attributes or {}).items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    return {name[0].lower() + name[1:]: content for name, content in value.items()} | lists


def _sqs(region: str) -> Any:
    return sqs_backends[runtime.ACCOUNT][region]


def start_mappings(running: Runtime) -> list[EventSourceMapping]:
    """Start a poller for every event source mapping that was deployed; the caller stops them."""
    backend = get_backend(runtime.ACCOUNT, running.region)
    started = []
    for mapping in backend._event_source_mappings.values():
        queue = _sqs(running.region).get_queue(mapping.event_source_arn.split(":")[-1])
        queue.lambda_event_source_mappings.clear()  # else moto itself calls the function, within SendMessage
        if mapping.enabled:
            started.append(EventSourceMapping(running, queue, mapping, backend.get_function(mapping.function_arn)))
            started[-1].start()
    return started


@functools.cache
def install() -> None:
    """Let a queue tell the pollers of a new message, once per process."""
    original = Queue.add_message

    def add_message(queue: Any, message: Any) -> None:
        # Virtual time: triage takes SentTimestamp for the moment at which an alarm arrived.
        message.sent_timestamp = int(runtime.now().timestamp() * 1000)
        original(queue, message)
        if (running := runtime.up()) is not None:
            running.background.notify()

    Queue.add_message = add_message
