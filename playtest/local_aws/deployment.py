"""The real template.yaml, deployed into moto's CloudFormation."""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import get_model_map
from moto.iam.models import AWSManagedPolicy, aws_managed_policies_data, iam_backends

from playtest.local_aws import runtime
from playtest.local_aws.arns import one_or_many
from playtest.local_aws.resource_types import ACCEPTED
from playtest.local_aws.sessions import client
from playtest.local_aws.transform import ARTEFACT_BUCKET, ARTEFACT_KEY, read_template, transformed_json

STACK_NAME = "cordon"
_TEMPLATE_KEY = "template.json"


class UnknownResourceType(Exception):
    """The template has a resource that the local AWS cannot make, and will not skip; names it and its type."""


class DeploymentFailed(Exception):
    """The stack did not come up; says why."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The deployed stack: the template as written, as transformed, and what became of its resources."""

    template: dict[str, Any]
    transformed: dict[str, Any]
    parameters: dict[str, str]
    physical_ids: dict[str, str]
    outputs: dict[str, str]

    def resource(self, logical_id: str) -> str:
        """Return the physical id (what !Ref gives) of a resource; KeyError when there is none."""
        return self.physical_ids[logical_id]

    def output(self, name: str) -> str:
        """Return the value of an output; KeyError when there is none."""
        return self.outputs[name]

    def of_type(self, resource_type: str) -> dict[str, str]:
        """Return physical id by logical id of the deployed resources of a type."""
        resources = self.transformed["Resources"]
        return {
            name: physical for name, physical in self.physical_ids.items() if resources[name]["Type"] == resource_type
        }


def deploy(template: Path, parameters: Mapping[str, str], region: str) -> Stack:
    """Transform `template` and deploy it with `parameters`.

    Raises UnknownResourceType, DeploymentFailed, or whatever SAM or CloudFormation refuses.
    """
    source = read_template(template)
    _require_known_parameters(source, parameters)
    text = transformed_json(template, source, parameters, region)
    transformed = json.loads(text)
    _require_known_types(transformed)
    _provide_artefacts(region, text)
    _provide_managed_policies(transformed)
    cloudformation = client("cloudformation", region)
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateURL=f"https://s3.amazonaws.com/{ARTEFACT_BUCKET}/{_TEMPLATE_KEY}",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise DeploymentFailed(f"{stack['StackStatus']}: {stack.get('StackStatusReason')}")
    return Stack(
        template=source,
        transformed=transformed,
        parameters={item["ParameterKey"]: item["ParameterValue"] for item in stack.get("Parameters", [])},
        physical_ids=_physical_ids(region),
        outputs={item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])},
    )


def known_of(template: Path, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return of these parameters those that the template has."""
    known = read_template(template).get("Parameters", {})
    return {name: value for name, value in parameters.items() if name in known}


def _require_known_parameters(template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Refuse what CloudFormation refuses and moto drops: a parameter that the template does not have."""
    unknown = [name for name in parameters if name not in template.get("Parameters", {})]
    if unknown:
        raise DeploymentFailed(f"Parameters: [{', '.join(unknown)}] do not exist in the template")


def _require_known_types(transformed: Mapping[str, Any]) -> None:
    known = get_model_map().keys() | ACCEPTED.keys()
    unknown = {name: item["Type"] for name, item in transformed["Resources"].items() if item["Type"] not in known}
    if unknown:
        raise UnknownResourceType(", ".join(f"{name} ({kind})" for name, kind in unknown.items()))


def _provide_artefacts(region: str, template: str) -> None:
    """Put what `sam deploy` would upload into a bucket: the template, and an archive of the functions' code.

    The handlers run from this tree, so any archive will do. A template in the request itself would be encoded for a
    form, and back, character by character.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("README", "The playtest runs the handlers from the source tree.")
    s3 = client("s3", region)
    s3.create_bucket(Bucket=ARTEFACT_BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_object(Bucket=ARTEFACT_BUCKET, Key=ARTEFACT_KEY, Body=archive.getvalue())
    s3.put_object(Bucket=ARTEFACT_BUCKET, Key=_TEMPLATE_KEY, Body=template.encode())


def _provide_managed_policies(transformed: Mapping[str, Any]) -> None:
    """Load the AWS managed policies that the template names, and no others: moto has 1,300 of them."""
    backend = iam_backends[runtime.ACCOUNT]["aws"]
    for arn in set(managed_policies(transformed)):
        name = arn.rpartition("/")[2]
        policy = AWSManagedPolicy.from_data(name, runtime.ACCOUNT, backend.region_name, _managed_policy_data()[name])
        backend.managed_policies[arn] = policy


@functools.cache
def _managed_policy_data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(aws_managed_policies_data)
    return data


def managed_policies(transformed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ARNs of the AWS managed policies that the template's roles name."""
    for resource in transformed["Resources"].values():
        for arn in one_or_many(resource.get("Properties", {}).get("ManagedPolicyArns", [])):
            if text := arn_text(arn):
                yield text


def arn_text(arn: Any) -> str:
    """Return a managed policy's ARN, with the partition filled in; empty for what only the deployment knows."""
    joined = arn
    if isinstance(arn, dict):
        joined = arn.get("Fn::Sub") or "".join(
            part if isinstance(part, str) else "aws" for part in arn.get("Fn::Join", ["", []])[1]
        )
    return str(joined).replace("${AWS::Partition}", "aws") if isinstance(joined, str) else ""


def _physical_ids(region: str) -> dict[str, str]:
    (stack,) = cloudformation_backends[runtime.ACCOUNT][region].stacks.values()
    found = {name: stack.resource_map[name] for name in stack.resource_map._resource_json_map}
    # A Lambda permission has no physical id in moto, and nothing refers to one.
    return {name: str(getattr(made, "physical_resource_id", name)) for name, made in found.items() if made is not None}
