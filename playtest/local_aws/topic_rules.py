"""AWS IoT rules that act: a message of the broker's goes through the rule's own SQL into a row of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from moto.iot.models import iot_backends

from playtest.fleet import presence
from playtest.local_aws import iot_sql, runtime
from playtest.local_aws.runtime import Runtime
from playtest.local_aws.sessions import client

Properties = Mapping[str, Any]


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
    running = runtime.current()
    for rule in list(iot_backends[runtime.ACCOUNT][running.region].rules.values()):
        statement = iot_sql.parse(rule.sql)
        if rule.rule_disabled or not statement.listens_to(topic):
            continue
        row = statement.evaluate(message)
        for action in rule.actions if row is not None else ():
            try:
                _act(action, row, running)
            except NotImplementedError as error:
                running.not_implemented.append(str(error))
            except Exception as error:  # noqa: BLE001 - whatever a target answers, the device is connected
                running.undelivered.append(f"{rule.rule_name}: {error!r}")


def _act(action: Mapping[str, Any], row: Any, running: Runtime) -> None:
    if action.keys() != {"dynamoDBv2"}:
        raise NotImplementedError(f"the rule action {', '.join(action)}")
    put = action["dynamoDBv2"]
    item = {name: TypeSerializer().serialize(value) for name, value in row.items()}
    request = {"TableName": put["putItem"]["tableName"], "Item": item}
    if running.permissions is not None:
        running.permissions.require_of_role(put["roleArn"], "dynamodb", "PutItem", request)
    client("dynamodb", running.region).put_item(**request)
