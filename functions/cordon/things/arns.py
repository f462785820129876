"""ARNs of AWS IoT resources of this account and Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient


class IotArns:
    """Makes ARNs from the Region and partition that the client talks to, and the stack's own account."""

    def __init__(self, client: IoTClient, account_id: str) -> None:
        """Take Region and partition from `client`; `account_id` has twelve digits."""
        self._prefix = f"arn:{client.meta.partition}:iot:{client.meta.region_name}:{account_id}"

    def certificate(self, certificate_id: str) -> str:
        """Return the ARN of a certificate (64 hex digits)."""
        return f"{self._prefix}:cert/{certificate_id}"

    def client(self, client_id: str) -> str:
        """Return the ARN of an MQTT client id, for policies."""
        return f"{self._prefix}:client/{client_id}"

    def topic(self, topic: str) -> str:
        """Return the ARN of a topic that is published to or received from, for policies."""
        return f"{self._prefix}:topic/{topic}"

    def topic_filter(self, topic_filter: str) -> str:
        """Return the ARN of a topic filter that is subscribed to, for policies."""
        return f"{self._prefix}:topicfilter/{topic_filter}"
