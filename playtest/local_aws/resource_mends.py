"""CloudFormation types that moto makes with half of their properties: the other half, put where AWS puts it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation.models import Stack
from moto.dynamodb.models.table import Table
from moto.events.models import EventBus
from moto.s3.models import FakeBucket
from moto.stepfunctions import responses
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.utils import cfn_to_api_tags

from playtest.local_aws.sessions import client


@functools.cache
def install() -> None:
    """Mend state machines, buckets and tables, once per process."""
    StateMachine.create_from_cloudformation_json = classmethod(_state_machine)
    _give_arn(StateMachine)
    EventBus.physical_resource_id = property(lambda self: self.name)  # without it !Ref gives the object itself
    Stack.parse_template = staticmethod(json.loads)  # reading JSON as YAML, as moto does, takes a second
    _after_creation(FakeBucket, _complete_bucket)
    _after_creation(Table, _complete_table)


def _state_machine(_cls: Any, /, resource_name: str, template: Any, account_id: str, region: str, **_: Any) -> Any:
    """moto creates it in the backend that does not execute, and leaves DefinitionSubstitutions as they stand."""
    properties = template["Properties"]
    definition = properties["DefinitionString"]
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace(f"${{{name}}}", str(value))
    return responses.get_backend(account_id, region).create_state_machine(
        properties.get("StateMachineName", resource_name),
        definition,
        properties["RoleArn"],
        tags=cfn_to_api_tags(properties.get("Tags", [])),
        sm_type=properties.get("StateMachineType"),
    )


def _give_arn(machine: Any) -> None:
    """`!GetAtt Machine.Arn` is unknown to moto."""
    known, attribute = machine.has_cfn_attr, machine.get_cfn_attribute

    def has_cfn_attr(_cls: Any, name: str) -> bool:
        return name == "Arn" or known(name)

    def get_cfn_attribute(self: Any, name: str) -> Any:
        return self.arn if name == "Arn" else attribute(self, name)

    machine.has_cfn_attr = classmethod(has_cfn_attr)
    machine.get_cfn_attribute = get_cfn_attribute


def _after_creation(owner: Any, complete: Callable[[Any, Mapping[str, Any], str], None]) -> None:
    original = owner.create_from_cloudformation_json.__func__

    def create(cls: Any, /, name: str, template: Any, account_id: str, region: str, **rest: Any) -> Any:
        made = original(cls, name, template, account_id, region, **rest)
        complete(made, template.get("Properties", {}), region)
        return made

    owner.create_from_cloudformation_json = classmethod(create)


def _complete_bucket(bucket: Any, properties: Mapping[str, Any], region: str) -> None:
    """moto drops versioning, Object Lock and the public access block."""
    s3 = client("s3", region)
    if versioning := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=versioning)
    if properties.get("ObjectLockEnabled"):
        bucket.object_lock_enabled = True
    if lock := properties.get("ObjectLockConfiguration"):
        s3.put_object_lock_configuration(Bucket=bucket.name, ObjectLockConfiguration=_numbered(lock))
    if block := properties.get("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=block)


def _numbered(lock: Mapping[str, Any]) -> dict[str, Any]:
    """A retention in days that comes from a parameter comes as text."""
    retention = lock.get("Rule", {}).get("DefaultRetention", {})
    numbers = {name: int(value) for name, value in retention.items() if name in ("Days", "Years")}
    return {**lock, "Rule": {"DefaultRetention": {**retention, **numbers}}} if retention else dict(lock)


def _complete_table(table: Any, properties: Mapping[str, Any], region: str) -> None:
    """moto drops the time to live and point-in-time recovery, and knows encryption by the API's name only."""
    dynamodb = client("dynamodb", region)
    if (ttl := properties.get("TimeToLiveSpecification")) and ttl.get("Enabled"):
        dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=ttl)
    if properties.get("SSESpecification", {}).get("SSEEnabled"):
        table.sse_specification["Enabled"] = True
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    if recovery.get("PointInTimeRecoveryEnabled"):
        dynamodb.update_continuous_backups(
            TableName=table.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
