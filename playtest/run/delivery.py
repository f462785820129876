"""Put raw alarms in where AWS would put them, and remember under which id it did."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import ClientError

from playtest.local_aws import LocalAws
from playtest.run.raw_alarm import Event, Message, RawAlarm, posts_in

_AT_ONCE = 32
"""Threads that deliver: enough to meet each other, few enough for two cores."""


@dataclass(frozen=True)
class Delivery:
    """One delivery: the FILE, its form, and the id that AWS gave it; without one, AWS took it nowhere."""

    file: str
    post: Message | Event
    id: str | None
    refusal: str | None = None
    """What SNS said, where it did not take the message."""


def deliver(aws: LocalAws, alarm: RawAlarm, times: int) -> list[Delivery]:
    """Deliver what stands in `alarm`, each of it `times` times at once; `${now}` is the same moment in all."""
    posts = posts_in(alarm.filled_in(aws.fleet.certificate_id, aws.fleet.role_id, aws.clock.now()))
    return _at_once(aws, alarm.file, [post for post in posts for _ in range(times)])


def _at_once(aws: LocalAws, file: str, posts: Iterable[Message | Event]) -> list[Delivery]:
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="delivery") as threads:
        return list(threads.map(lambda post: _deliver(aws, file, post), posts))


def _deliver(aws: LocalAws, file: str, post: Message | Event) -> Delivery:
    if isinstance(post, Event):
        return Delivery(file, post, aws.put_event(post.event))
    try:
        return Delivery(file, post, aws.publish_alarm(post.text))
    except ClientError as refused:
        # moto nests botocore's sentence in its own; what SNS says stands at the end.
        said = str(refused.response["Error"]["Message"]).rpartition(" operation: ")[2]
        return Delivery(file, post, None, said)
