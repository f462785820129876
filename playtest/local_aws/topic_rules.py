"""AWS IoT rules that act: a message of AWS IoT's goes through the rule's own SQL into a row of a table, or a queue."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore import xform_name
from moto.iot.models import iot_backends

from playtest.fleet import presence
from playtest.local_aws import calls, iot_sql, runtime
from playtest.local_aws.runtime import Runtime
from playtest.local_aws.sessions import client

Properties = Mapping[str, Any]
Call = tuple[str, str, dict[str, Any]]
"""Service, operation and request."""


def create(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    """Make the rule as CloudFormation does, and let it hear the broker. UnknownSql where it could not act."""
    payload = properties["TopicRulePayload"]
    iot_sql.parse(payload["Sql"])
    rule = re.sub(r"\W", "_", name)
    client("iot", region).create_topic_rule(ruleName=rule, topicRulePayload=_of_api(payload))
    presence.listen(runtime.ACCOUNT, region, react)
    return {"Ref": rule, "Arn": f"arn:aws:iot:{region}:{runtime.ACCOUNT}:rule/{rule}"}


def _of_api(value: Any) -> Any:
    """Return CloudFormation's properties by the API's names, which begin with a small letter."""
    if isinstance(value, Mapping):
        return {_API_NAMES.get(name, name[0].lower() + name[1:]): _of_api(inner) for name, inner in value.items()}
    return [_of_api(inner) for inner in value] if isinstance(value, list) else value


_API_NAMES = {"DynamoDBv2": "dynamoDBv2"}


def react(topic: str, message: Mapping[str, Any]) -> None:
    """Let every rule that listens to the topic act on the message; what fails is told, as to AWS's error action."""
    # Whoever let the message come about (a function that lets time pass, say) does not carry out the rules.
    calls.as_nobody(lambda: _react(topic, message, runtime.current()))


def _react(topic: str, message: Mapping[str, Any], running: Runtime) -> None:
    for rule in list(iot_backends[runtime.ACCOUNT][running.region].rules.values()):
        statement = iot_sql.parse(rule.sql)
        if rule.rule_disabled or not statement.listens_to(topic):
            continue
        row = statement.evaluate(message, topic)
        for action in rule.actions if row is not None else ():
            try:
                _act(action, row, running)
            except NotImplementedError as error:
                running.not_implemented.append(str(error))
            except Exception as error:  # noqa: BLE001 - whatever a target answers, the device is connected
                running.undelivered.append(f"{rule.rule_name}: {error!r}")


def _act(action: Mapping[str, Any], row: Any, running: Runtime) -> None:
    [(kind, asked)] = action.items()
    if kind not in _ACTIONS:
        raise NotImplementedError(f"the rule action {kind}")
    service, operation, request = _ACTIONS[kind](asked, row)
    if running.permissions is not None:
        running.permissions.require_of_role(asked["roleArn"], service, operation, request)
    getattr(client(service, running.region), xform_name(operation))(**request)


def _to_table(asked: Mapping[str, Any], row: Mapping[str, Any]) -> Call:
    item = {name: TypeSerializer().serialize(value) for name, value in row.items()}
    return "dynamodb", "PutItem", {"TableName": asked["putItem"]["tableName"], "Item": item}


def _to_queue(asked: Mapping[str, Any], row: Mapping[str, Any]) -> Call:
    body = json.dumps(row, separators=(",", ":"))
    encoded = base64.b64encode(body.encode()).decode() if asked.get("useBase64") else body
    return "sqs", "SendMessage", {"QueueUrl": asked["queueUrl"], "MessageBody": encoded}


_ACTIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Call]] = {
    "dynamoDBv2": _to_table,
    "sqs": _to_queue,
}
"""What becomes of a row, by the name of the action in the API."""
