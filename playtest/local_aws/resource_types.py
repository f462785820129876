"""CloudFormation types that moto lacks or half knows, made of the API calls that CloudFormation itself would make."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from playtest.local_aws import resource_mends, topic_rules
from playtest.local_aws.sessions import client

Properties = Mapping[str, Any]
Create = Callable[[str, str, Properties], Mapping[str, Any] | None]

ACCEPTED: dict[str, str] = {}
"""Types that are let through although nothing acts on them, each with its reason. Empty: all are made."""


def _without_none(values: Properties) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _thing_group(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    group = properties.get("ThingGroupProperties", {})
    attributes = group.get("AttributePayload", {}).get("Attributes", {})
    described = {
        "thingGroupDescription": group.get("ThingGroupDescription", ""),
        "attributePayload": {"attributes": attributes},
    }
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in properties.get("Tags", [])]
    made = client("iot", region).create_thing_group(thingGroupName=name, thingGroupProperties=described, tags=tags)
    return {"Ref": name, "Arn": made["thingGroupArn"], "Id": made["thingGroupId"]}


def _alarm(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    client("cloudwatch", region).put_metric_alarm(**{**_numbers(properties), "AlarmName": name})
    return {"Ref": name, "Arn": f"arn:aws:cloudwatch:{region}:123456789012:alarm:{name}"}


def _numbers(properties: Properties) -> dict[str, Any]:
    """CloudFormation passes numbers as it finds them in the template: parameters make text of them."""
    whole = ("Period", "EvaluationPeriods", "DatapointsToAlarm")
    made: dict[str, Any] = {name: int(value) if name in whole else value for name, value in properties.items()}
    if "Threshold" in made:
        made["Threshold"] = float(made["Threshold"])
    return made


def _dashboard(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    json.loads(properties["DashboardBody"])  # CloudWatch refuses a body that is not JSON; moto takes anything
    given = properties.get("DashboardName", name)  # moto has this type, too, and names it without looking
    client("cloudwatch", region).put_dashboard(DashboardName=given, DashboardBody=properties["DashboardBody"])
    return {"Ref": given}


def _subscription(region: str, _name: str, properties: Properties) -> Mapping[str, Any]:
    attributes = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in properties.items()
        if name in ("FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "DeliveryPolicy", "RawMessageDelivery")
    }
    if attributes.get("RawMessageDelivery", "").lower() == "false":
        del attributes["RawMessageDelivery"]  # moto takes any text for true
    made = client("sns", region).subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return {"Ref": made["SubscriptionArn"], "Arn": made["SubscriptionArn"]}


def _topic_policy(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    policy = json.dumps(properties["PolicyDocument"])
    for topic in properties["Topics"]:
        client("sns", region).set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return {"Ref": name, "Id": name}


def _queue_policy(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    policy = json.dumps(properties["PolicyDocument"])
    for url in properties["Queues"]:
        client("sqs", region).set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return {"Ref": name, "Id": name}


def _bucket_policy(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    policy = json.dumps(properties["PolicyDocument"])
    client("s3", region).put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return {"Ref": name}


def _event_invoke_config(region: str, name: str, properties: Properties) -> Mapping[str, Any]:
    wanted = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    config = {key: properties[key] for key in wanted if key in properties}
    client("lambda", region).put_function_event_invoke_config(FunctionName=properties["FunctionName"], **config)
    return {"Ref": name}


def _function_url(region: str, _name: str, properties: Properties) -> Mapping[str, Any]:
    function = properties["TargetFunctionArn"]
    made = client("lambda", region).create_function_url_config(FunctionName=function, AuthType=properties["AuthType"])
    return {"Ref": made["FunctionArn"], "FunctionArn": made["FunctionArn"], "FunctionUrl": f"{made['FunctionUrl']}/"}


_TYPES: dict[str, tuple[str | None, Create]] = {
    "AWS::IoT::ThingGroup": ("ThingGroupName", _thing_group),
    "AWS::IoT::TopicRule": ("RuleName", topic_rules.create),
    "AWS::CloudWatch::Alarm": ("AlarmName", _alarm),
    "AWS::CloudWatch::Dashboard": ("DashboardName", _dashboard),
    "AWS::SNS::Subscription": (None, _subscription),
    "AWS::SNS::TopicPolicy": (None, _topic_policy),
    "AWS::SQS::QueuePolicy": (None, _queue_policy),
    "AWS::S3::BucketPolicy": (None, _bucket_policy),
    "AWS::Lambda::EventInvokeConfig": (None, _event_invoke_config),
    "AWS::Lambda::Url": (None, _function_url),
}
"""Per type: the property that names the resource, and how it is made. `create` answers Ref and the attributes."""


def _physical_name(resource_type: str, stack_name: str, logical_id: str) -> str:
    """Names like CloudFormation's, but the same in every deployment, so that definitions are parsed only once."""
    suffix = hashlib.sha256(logical_id.encode()).hexdigest()[:12].upper()
    name = f"{stack_name}-{logical_id}-{suffix}"
    return name.lower()[:63] if resource_type == "AWS::S3::Bucket" else name


def _add_type(cfn_type: str, name_property: str | None, create: Create) -> None:
    def create_from(
        cls: Any, /, resource_name: str, cloudformation_json: Any, _account: str, region: str, **_: Any
    ) -> Any:
        made = cls()
        made.attributes = dict(create(region, resource_name, _without_none(cloudformation_json["Properties"])) or {})
        return made

    members = {
        "__module__": __name__,  # moto asks for a dotted name
        "__doc__": f"{cfn_type}, as CloudFormation makes it.",
        "cloudformation_type": staticmethod(lambda: cfn_type),
        "cloudformation_name_type": staticmethod(lambda: name_property),
        "create_from_cloudformation_json": classmethod(create_from),
        "has_cfn_attr": classmethod(lambda _cls, _name: True),
        "get_cfn_attribute": lambda self, name: self.attributes[name],
        "physical_resource_id": property(lambda self: self.attributes["Ref"]),
        "is_created": lambda _self: True,
    }
    type(CloudFormationModel)("Playtest" + cfn_type.replace("::", ""), (CloudFormationModel,), members)


@functools.cache
def install() -> None:
    """Teach moto's CloudFormation what it lacks, once per process."""
    for cfn_type, (name_property, create) in _TYPES.items():
        _add_type(cfn_type, name_property, create)
    parsing.generate_resource_name = _physical_name
    for kept in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        kept.cache_clear()
    resource_mends.install()
