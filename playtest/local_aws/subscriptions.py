"""SNS hands messages to its subscribers: at virtual time, with one key for all, and only where a policy lets it."""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.sns import models
from moto.sns.exceptions import InvalidParameterValue

from playtest.local_aws import runtime, service_permissions
from playtest.local_aws.clock import iso
from playtest.local_aws.deliveries import deliver


def _bury(subscription: Any, message: str) -> None:
    """A subscription's RedrivePolicy names the queue for what could not be delivered; that needs a policy as well."""
    redrive = subscription.attributes.get("RedrivePolicy")
    arn = json.loads(redrive)["deadLetterTargetArn"] if redrive else None
    if arn is None:
        return
    try:
        service_permissions.require(arn, "sns.amazonaws.com", subscription.topic.arn)
        deliver(arn, message)
    except service_permissions.Refused as refused:
        runtime.current().undelivered.append(f"{subscription.topic.arn} to its dead letters: {refused}")


def _require_carried(message: str) -> None:
    """SNS counts bytes, of which moto counts characters, and takes no empty message."""
    if not message:
        raise InvalidParameterValue("Invalid parameter: Empty message")
    if len(message.encode(errors="surrogatepass")) > models.MAXIMUM_MESSAGE_LENGTH:
        raise InvalidParameterValue("Invalid parameter: Message too long")


@functools.cache
def install() -> None:
    """Mend moto's SNS, once per process."""
    subscription = models.Subscription
    make_key, publish = subscription.private_key, subscription.publish

    @functools.cache
    def one_key() -> Any:
        """A key of 2,048 bits for every subscription takes longer than a whole run."""
        return make_key(None)

    def publish_if_allowed(self: Any, message: str, *args: Any, **kwargs: Any) -> None:
        running = runtime.up()
        try:
            if running is not None and self.protocol == "sqs":
                service_permissions.require(self.endpoint, "sns.amazonaws.com", self.topic.arn)
            publish(self, message, *args, **kwargs)
        except service_permissions.Refused as refused:
            runtime.current().undelivered.append(f"{self.topic.arn}: {refused}")
            _bury(self, message)

    publish_on_topic = models.SNSBackend.publish

    def publish_if_carried(self: Any, message: str, *args: Any, **kwargs: Any) -> Any:
        _require_carried(message)
        return publish_on_topic(self, message, *args, **kwargs)

    models.SNSBackend.publish = publish_if_carried
    subscription.private_key = lambda _self: one_key()
    subscription.publish = publish_if_allowed
    models.iso_8601_datetime_with_milliseconds = lambda *_: iso(runtime.now())
