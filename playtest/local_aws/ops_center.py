"""OpsCenter in moto: CreateOpsItem, UpdateOpsItem, GetOpsItem and DescribeOpsItems of Systems Manager."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

from cordon import clock
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.ssm.models import SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from playtest.local_aws.moto_methods import add, replace
from playtest.local_aws.ops_items import InvalidParameter, OpsItems, searchable
from playtest.local_aws.paging import BadToken, Pages, in_pages
from playtest.local_aws.request_shapes import members, violations

_SUMMARY = (
    "CreatedBy",
    "CreatedTime",
    "LastModifiedBy",
    "LastModifiedTime",
    "Priority",
    "Source",
    "Status",
    "OpsItemId",
    "Title",
    "Category",
    "Severity",
    "OpsItemType",
)
_STORE = "ops_items"  # kept on moto's backend, because a backend's attributes end with its mock
_making = Lock()

_validate: Callable[[Any, str, str], str] = SimpleSystemManagerBackend._validate_resource_type_and_id

Operation = Callable[[Any], ActionResult]


class Invalid(ServiceException):
    """A request that breaks the constraints of the API's model."""

    code = "ValidationException"


@cache
def install() -> None:
    """Put the four operations into moto, and OpsItems among what can have tags, once per process."""
    pages = Pages("OpsItemSummaries", asked="NextToken", given="NextToken", size="MaxResults")
    add(
        SimpleSystemManagerResponse,
        create_ops_item=_checked("CreateOpsItem", _create_ops_item),
        update_ops_item=_checked("UpdateOpsItem", _update_ops_item),
        get_ops_item=_checked("GetOpsItem", _get_ops_item),
        describe_ops_items=_checked("DescribeOpsItems", in_pages(pages, _describe_ops_items)),
    )
    replace(SimpleSystemManagerBackend, _validate_resource_type_and_id=validate_resource_type_and_id)


def validate_resource_type_and_id(backend: Any, resource_type: str, resource_id: str) -> str:
    """What may have tags: OpsItems too, which moto knows as a kind and never finds."""
    if resource_type == "OpsItem" and resource_id in getattr(backend, _STORE, ()):
        return resource_id
    return _validate(backend, resource_type, resource_id)


def _checked(operation: str, answer: Operation) -> Operation:
    shape = get_service_model("ssm").operation_model(operation).input_shape

    def check_and_answer(response: Any) -> ActionResult:
        found = list(violations(shape, members(response)))
        if found:
            raise Invalid(f"{len(found)} validation error(s) detected: {'; '.join(found)}")
        try:
            return answer(response)
        except BadToken as token:
            raise InvalidParameter("NextToken", f"unknown token {token}") from None

    return check_and_answer


def _create_ops_item(response: Any) -> ActionResult:
    given = dict(members(response))
    tags = {tag["Key"]: tag["Value"] for tag in given.pop("Tags", None) or ()}
    item = _items(response).create(given)
    response.ssm_backend.add_tags_to_resource("OpsItem", item["OpsItemId"], tags)
    return ActionResult({"OpsItemId": item["OpsItemId"], "OpsItemArn": item["OpsItemArn"]})


def _update_ops_item(response: Any) -> ActionResult:
    changes = dict(members(response))
    _items(response).update(changes.pop("OpsItemId"), changes)
    return EmptyResult()


def _get_ops_item(response: Any) -> ActionResult:
    return ActionResult({"OpsItem": _items(response).get(members(response)["OpsItemId"])})


def _describe_ops_items(response: Any) -> ActionResult:
    found = _items(response).find(members(response).get("OpsItemFilters") or [])
    summaries = [
        {name: item[name] for name in _SUMMARY if name in item} | {"OperationalData": searchable(item)}
        for item in found
    ]
    return ActionResult({"OpsItemSummaries": summaries})


def _items(response: Any) -> OpsItems:
    with _making:
        if not hasattr(response.ssm_backend, _STORE):
            account = response.current_account
            owner, arn_prefix = f"arn:aws:iam::{account}:root", f"arn:aws:ssm:{response.region}:{account}:opsitem"
            setattr(response.ssm_backend, _STORE, OpsItems(clock.now, owner, arn_prefix))
    store: OpsItems = getattr(response.ssm_backend, _STORE)
    return store
