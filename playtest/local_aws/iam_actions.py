"""Which IAM action on which resource an API call needs, where it is not simply `service:Operation` on anything.

From the Service Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference/). A
resource of None means that it is not worked out here: then the action alone is held against the role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from moto.iam.models import iam_backends

from playtest.local_aws.runtime import ACCOUNT

Params = Mapping[str, Any]


class Need(NamedTuple):
    """One action on one resource (an ARN, `*` for an action that knows no resources, None for not worked out)."""

    action: str
    resource: str | None


_PREFIXES = {
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "stepfunctions": "states",
    "cloudwatch": "cloudwatch",
    "cloudwatch-logs": "logs",
    "s3control": "s3",
}


_ACTIONS = {"ListPrincipalThingsV2": "ListPrincipalThings", "ListThingPrincipalsV2": "ListThingPrincipals"}
"""Operations of AWS IoT that need the action of another (API reference)."""


def needs(service: str, operation: str, params: Params, region: str) -> list[Need]:
    """Return all that a caller must be allowed for this call; `service` and `operation` are botocore's names."""
    make, operation = _RESOLVERS.get(service), _ACTIONS.get(operation, operation)
    found = list(make(operation, params, region)) if make else []
    return found or [Need(f"{_PREFIXES.get(service, service)}:{operation}", None)]


def _dynamodb(operation: str, params: Params, region: str) -> Iterable[Need]:
    def arn(name: str) -> str:
        return name if name.startswith("arn:") else f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"

    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in params["TransactItems"]:
            for kind, part in item.items():
                yield Need(f"dynamodb:{_TRANSACTION_ACTIONS[kind]}", arn(part["TableName"]))
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table in params["RequestItems"]:
            yield Need(f"dynamodb:{operation}", arn(table))
    elif "TableName" in params:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield Need(f"dynamodb:{operation}", arn(params["TableName"]) + index)


_TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def _s3(operation: str, params: Params, _region: str) -> Iterable[Need]:
    bucket = f"arn:aws:s3:::{params.get('Bucket', '')}"
    if operation in ("ListObjects", "ListObjectsV2", "HeadBucket"):
        yield Need("s3:ListBucket", bucket)
    elif operation == "ListObjectVersions":
        yield Need("s3:ListBucketVersions", bucket)
    elif "Key" not in params:
        yield Need(f"s3:{operation}", bucket)
    else:
        for action in _s3_object_actions(operation, params):
            yield Need(f"s3:{action}", f"{bucket}/{params['Key']}")


def _s3_object_actions(operation: str, params: Params) -> Iterable[str]:
    name = {"HeadObject": "GetObject"}.get(operation, operation)
    versioned = "VersionId" in params and name in ("GetObject", "DeleteObject")
    yield f"{name}Version" if versioned else name
    if operation == "PutObject" and ("ObjectLockMode" in params or "ObjectLockRetainUntilDate" in params):
        yield "PutObjectRetention"
    if operation == "PutObject" and "ObjectLockLegalHoldStatus" in params:
        yield "PutObjectLegalHold"
    if operation == "PutObject" and "Tagging" in params:
        yield "PutObjectTagging"


def _sqs(operation: str, params: Params, region: str) -> Iterable[Need]:
    name = operation.removesuffix("Batch")  # a batch needs the action of its single call
    if "QueueUrl" in params:
        yield Need(f"sqs:{name}", f"arn:aws:sqs:{region}:{ACCOUNT}:{params['QueueUrl'].rpartition('/')[2]}")


def _sns(operation: str, params: Params, _region: str) -> Iterable[Need]:
    if arn := params.get("TopicArn") or params.get("TargetArn"):
        yield Need("sns:Publish" if operation == "PublishBatch" else f"sns:{operation}", arn)


def _events(operation: str, params: Params, region: str) -> Iterable[Need]:
    for entry in params.get("Entries", []) if operation == "PutEvents" else []:
        bus = entry.get("EventBusName", "default")
        arn = bus if bus.startswith("arn:") else f"arn:aws:events:{region}:{ACCOUNT}:event-bus/{bus}"
        yield Need("events:PutEvents", arn)


def _lambda(operation: str, params: Params, region: str) -> Iterable[Need]:
    name = str(params.get("FunctionName", ""))
    arn = name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
    if operation in ("Invoke", "InvokeAsync"):
        yield Need("lambda:InvokeFunction", arn)


def _states(operation: str, params: Params, _region: str) -> Iterable[Need]:
    if arn := params.get("stateMachineArn") or params.get("executionArn"):
        yield Need(f"states:{operation}", arn)


def _ssm(operation: str, params: Params, region: str) -> Iterable[Need]:
    items = f"arn:aws:ssm:{region}:{ACCOUNT}:opsitem/"
    if operation == "CreateOpsItem":
        yield Need("ssm:CreateOpsItem", items + "new")  # M: `*` or opsitem/*, both are granted in AWS's own examples
        if params.get("Tags"):
            yield Need("ssm:AddTagsToResource", items + "new")
    elif operation in ("GetOpsItem", "UpdateOpsItem"):
        yield Need(f"ssm:{operation}", items + str(params["OpsItemId"]))
    elif operation == "DescribeOpsItems":
        yield Need("ssm:DescribeOpsItems", "*")


def _iot(operation: str, params: Params, region: str) -> Iterable[Need]:
    if operation in _IOT_WITHOUT_RESOURCE:
        yield Need(f"iot:{operation}", "*")
    yield from _iot_packages(operation, params, region)
    yield from _iot_jobs(operation, params)
    for member, kind in _IOT_RESOURCES.items():
        if member in params and operation not in _IOT_WITHOUT_RESOURCE:
            value = _shadow(params) if "shadowName" in params else str(params[member])
            arn = value if value.startswith("arn:") else f"arn:aws:iot:{region}:{ACCOUNT}:{kind}/{value}"
            if member != "policyName" or "target" not in params:  # AttachPolicy is about its target
                yield Need(f"iot:{operation}", arn)


def _shadow(params: Params) -> str:
    """The resource of a named shadow is below its thing's (Developer Guide, "AWS IoT Core action resources")."""
    return f"{params['thingName']}/{params['shadowName']}"


def _iot_packages(operation: str, params: Params, region: str) -> Iterable[Need]:
    """A call about a version needs its action on the package, too (Developer Guide, "Preparing security").

    That page writes a package as `package/NAME/package`; the reference and the ARN that the API gives end at the name.
    """
    if "packageName" not in params:
        return
    package = f"arn:aws:iot:{region}:{ACCOUNT}:package/{params['packageName']}"
    yield Need(f"iot:{operation}", package)
    if "versionName" in params:
        yield Need(f"iot:{operation}", f"{package}/version/{params['versionName']}")
    if operation.startswith(("Create", "Update")):
        yield Need("iot:GetIndexingConfiguration", "*")


def _iot_jobs(operation: str, params: Params) -> Iterable[Need]:
    """A new job needs its action on each target too, and its caller must be allowed to pass the role on (M)."""
    for target in params.get("targets", []):
        yield Need(f"iot:{operation}", str(target))
    if role := (params.get("presignedUrlConfig") or {}).get("roleArn"):
        yield Need("iam:PassRole", str(role))


def _kms(operation: str, params: Params, _region: str) -> Iterable[Need]:
    if key := params.get("KeyId"):  # ours are always named by their ARN
        yield Need(f"kms:{operation}", str(key))


def _iam(operation: str, params: Params, _region: str) -> Iterable[Need]:
    if name := params.get("RoleName"):  # also where a policy is attached to it
        yield Need(f"iam:{operation}", _role_arn(str(name)))
    elif arn := params.get("PolicyArn"):
        yield Need(f"iam:{operation}", str(arn))


def _role_arn(name: str) -> str:
    """The ARN of a role that is there, with its path; else the one that a role without a path would have."""
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    return next((role.arn for role in roles if role.name == name), f"arn:aws:iam::{ACCOUNT}:role/{name}")


_IOT_RESOURCES = {
    "thingName": "thing",
    "thingGroupName": "thinggroup",
    "certificateId": "cert",
    "policyName": "policy",
    "clientId": "client",
    "target": "cert",
    "roleAlias": "rolealias",
    "jobId": "job",
}

# Actions for which the reference lists no resource type, so that only `Resource: "*"` grants them (for
# ListNamedShadowsForThing it is the Developer Guide that says so: M). An old copy of it
# lists none for ListThingPrincipals and ListPrincipalThings either (M): whoever writes a role does well to grant those
# two on `*`, but a narrower grant is not refused here.
_IOT_WITHOUT_RESOURCE = {
    "DescribeEndpoint",
    "ListCertificates",
    "ListNamedShadowsForThing",
    "ListPackages",
    "ListPolicies",
    "ListRoleAliases",
    "ListThingGroups",
    "ListThings",
}

_RESOLVERS: dict[str, Callable[[str, Params, str], Iterable[Need]]] = {
    "dynamodb": _dynamodb,
    "s3": _s3,
    "sqs": _sqs,
    "sns": _sns,
    "events": _events,
    "lambda": _lambda,
    "stepfunctions": _states,
    "ssm": _ssm,
    "iot": _iot,
    "iot-data": _iot,
    "iam": _iam,
    "kms": _kms,
}
