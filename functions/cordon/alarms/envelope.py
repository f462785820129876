"""What lies in the body of a message of the alarm queue: an SNS notification or an EventBridge event."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from cordon.alarms.rejection import rejection
from cordon.alarms.untrusted_json import JsonObject, json_object
from cordon.errors import AlarmRejected
from cordon.model.text import quoted

MAX_BODY_BYTES = 1_048_576
"""What SQS and EventBridge carry at most in one message (AWS-FACTS 1.8)."""

DELIVERY_ID = re.compile(r"[0-9A-Za-z-]{1,128}")
"""What an id of SNS or EventBridge is made of. It becomes a key of table and bucket, so nothing else will do."""

_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):([0-9]{12}):[A-Za-z0-9_.-]+")


def iso_moment(value: Any) -> datetime:
    """Read an ISO 8601 time as AWS writes it; one without a zone would be a guess."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass  # said below, in one place
    raise PydanticCustomError("moment", "an ISO 8601 time with its zone")


Moment = Annotated[datetime, BeforeValidator(iso_moment)]
DeliveryId = Annotated[str, Field(pattern=rf"^{DELIVERY_ID.pattern}$")]


class _Delivery(BaseModel):
    """What SNS and EventBridge wrote around a message; fields that we do not know are kept."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class SnsNotification(_Delivery):
    """A message that came through an SNS topic (raw delivery off).

    Account and Region are those of the topic: Device Defender's messages name neither.
    """

    type: Literal["Notification"] = Field(alias="Type")
    id: DeliveryId = Field(alias="MessageId")
    topic_arn: str = Field(alias="TopicArn", pattern=rf"^{_TOPIC_ARN.pattern}$")
    sent_at: Moment = Field(alias="Timestamp")
    text: str = Field(alias="Message")
    message: JsonObject = Field(default_factory=dict)
    """`Message`, read as JSON."""

    @property
    def account(self) -> str:
        """Twelve digits."""
        return self.topic_arn.split(":")[4]

    @property
    def region(self) -> str:
        """Name of the Region, such as eu-west-1."""
        return self.topic_arn.split(":")[3]


class EventBridgeEvent(_Delivery):
    """An event that a rule of EventBridge put into the queue."""

    id: DeliveryId
    source: str
    detail_type: str = Field(alias="detail-type")
    account: str = Field(pattern=r"^[0-9]{12}$")
    region: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    sent_at: Moment = Field(alias="time")
    detail: JsonObject


Envelope: TypeAlias = SnsNotification | EventBridgeEvent


def read_envelope(body: str) -> Envelope:
    """Return what the body of an SQS message holds.

    Raises:
        AlarmRejected: it is neither form, too long, not JSON, or lacks what the form must have. Fields of the form are
            named as AWS spells them (`TopicArn`, `detail-type`); the text as a whole is `body`, an SNS text `Message`.
    """
    size = len(body.encode(errors="surrogatepass"))
    if size > MAX_BODY_BYTES:
        raise AlarmRejected(field="body", found=f"{size} bytes", expected=f"at most {MAX_BODY_BYTES} bytes")
    outside = json_object(body, field="body")
    try:
        if "detail-type" in outside:
            return EventBridgeEvent.model_validate(outside)
        if "TopicArn" in outside:
            return _notification(outside)
    except ValidationError as error:
        raise rejection(error, whole="body") from None  # pydantic's own error repeats the payload
    raise AlarmRejected(
        field="body",
        found=quoted(outside),
        expected="an SNS notification (raw message delivery off) or an EventBridge event",
    )


def _notification(outside: JsonObject) -> SnsNotification:
    notification = SnsNotification.model_validate({**outside, "message": {}})
    return notification.model_copy(update={"message": json_object(notification.text, field="Message")})
