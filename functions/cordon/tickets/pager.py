"""Pages: a short message to whoever is on call, over the stack's SNS topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordon.model.text import shortened

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_LONGEST_SUBJECT = 100
"""Characters, ASCII, no line break (SNS Publish, `Subject`)."""


class Pager:
    """Pages the people on call."""

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        """Publish to `topic_arn`."""
        self._client, self._topic = client, topic_arn

    def page(self, subject: str, message: str) -> None:
        """Send a page. Text from outside must be escaped already; the subject is cut to what SNS takes."""
        plain = subject.encode("ascii", "replace").decode().replace("\n", " ")
        self._client.publish(
            TopicArn=self._topic, Subject=shortened(plain, _LONGEST_SUBJECT - 3).replace("…", "..."), Message=message
        )
