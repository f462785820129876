"""OpsCenter in the local AWS keeps tickets, knows duplicates and refuses what OpsCenter refuses."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ssm.responses import SimpleSystemManagerResponse

TICKET: dict[str, Any] = {
    "Title": "pump-01 contained",
    "Description": "What happened, what was done, how to undo it",
    "Source": "cordon",
    "Priority": 2,
    "Severity": "2",
    "Category": "Security",
}


@pytest.fixture
def ssm(plain_aws: Any) -> Any:
    """Systems Manager."""
    return plain_aws.client("ssm")


def searchable(value: str) -> dict[str, str]:
    """A value of OperationalData that lists find."""
    return {"Type": "SearchableString", "Value": value}


def deduplicated(by: str, **changed: Any) -> dict[str, Any]:
    """A ticket with a deduplication string."""
    return TICKET | {"OperationalData": {"/aws/dedup": searchable(json.dumps({"dedupString": by}))}} | changed


def refusal(call: Any, **arguments: Any) -> ClientError:
    """The error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value


def code(error: ClientError) -> str:
    """The code of an error."""
    return error.response["Error"]["Code"]


def test_an_ops_item_is_kept_as_it_was_given(ssm: Any) -> None:
    """What was created is what is read, open and in its first version, with its ARN and its tags."""
    data = {"plan": {"Type": "String", "Value": "…"}}
    made = ssm.create_ops_item(**TICKET, OperationalData=data, Tags=[{"Key": "project", "Value": "cordon"}])
    item = ssm.get_ops_item(OpsItemId=made["OpsItemId"])["OpsItem"]
    assert {name: item[name] for name in TICKET} == TICKET
    assert (item["OperationalData"], item["Status"], item["Version"]) == (data, "Open", "1")
    assert item["OpsItemArn"] == made["OpsItemArn"]
    tags = ssm.list_tags_for_resource(ResourceType="OpsItem", ResourceId=made["OpsItemId"])["TagList"]
    assert tags == [{"Key": "project", "Value": "cordon"}]


def test_an_update_changes_what_it_names_and_merges_data(ssm: Any) -> None:
    """Other fields stay, operational data are added, replaced and taken out by key."""
    data = {"a": searchable("1"), "b": searchable("2")}
    ops_item = ssm.create_ops_item(**TICKET, OperationalData=data)["OpsItemId"]
    ssm.update_ops_item(
        OpsItemId=ops_item,
        Status="Resolved",
        OperationalData={"b": searchable("3"), "c": searchable("4")},
        OperationalDataToDelete=["a"],
    )
    item = ssm.get_ops_item(OpsItemId=ops_item)["OpsItem"]
    assert (item["Status"], item["Version"], item["Title"]) == ("Resolved", "2", TICKET["Title"])
    assert item["OperationalData"] == {"b": searchable("3"), "c": searchable("4")}
    assert item["LastModifiedTime"] >= item["CreatedTime"]


def test_a_duplicate_is_refused_with_the_id_of_the_first(ssm: Any) -> None:
    """While an OpsItem of the same source and deduplication string is not resolved, there is no second."""
    first = ssm.create_ops_item(**deduplicated("inc-1"))["OpsItemId"]
    error = refusal(ssm.create_ops_item, **deduplicated("inc-1", Title="another"))
    assert code(error) == "OpsItemAlreadyExistsException"
    assert error.response["OpsItemId"] == first  # type: ignore[typeddict-item] # a member of this error alone
    assert ssm.create_ops_item(**deduplicated("inc-2"))["OpsItemId"] != first
    assert ssm.create_ops_item(**deduplicated("inc-1", Source="another"))["OpsItemId"] != first


def test_a_resolved_item_is_no_duplicate_until_it_is_opened_again(ssm: Any) -> None:
    """A new one may take its place, and then the old one cannot be opened beside it."""
    first = ssm.create_ops_item(**deduplicated("inc-1"))["OpsItemId"]
    ssm.update_ops_item(OpsItemId=first, Status="Resolved")
    second = ssm.create_ops_item(**deduplicated("inc-1"))["OpsItemId"]
    assert second != first
    error = refusal(ssm.update_ops_item, OpsItemId=first, Status="Open")
    assert code(error) == "OpsItemAlreadyExistsException"


def test_of_twenty_at_once_one_is_created(ssm: Any) -> None:
    """The check and the creation are one."""

    def create(_: int) -> bool:
        try:
            ssm.create_ops_item(**deduplicated("inc-1"))
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(20))) == 1


VALIDATION, PARAMETER = "ValidationException", "OpsItemInvalidParameterException"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"Description": "x" * 2049}, VALIDATION),
        ({"Description": "x" * 2048}, None),
        ({"Description": " \n "}, VALIDATION),
        ({"Title": "x" * 1025}, VALIDATION),
        ({"Title": "two\nlines"}, VALIDATION),
        ({"Source": "x" * 129}, VALIDATION),
        ({"Source": "my-aws-thing"}, PARAMETER),
        ({"Priority": 5}, None),
        ({"Category": "x" * 65}, VALIDATION),
        ({"OperationalData": {"k" * 129: {"Value": "v"}}}, VALIDATION),
        ({"OperationalData": {"k": {"Value": "v", "Type": "Number"}}}, VALIDATION),
        ({"OperationalData": {"k": {"Value": "v" * 20_480, "Type": "String"}}}, None),
        ({"OperationalData": {"k": {"Value": "v" * 20_481, "Type": "String"}}}, PARAMETER),
        ({"OperationalData": {"k": {"Value": "ä" * 10_241, "Type": "String"}}}, PARAMETER),
        ({"OperationalData": {"aws-own": {"Value": "v"}}}, PARAMETER),
        ({"OperationalData": {"/aws/other": {"Value": "v"}}}, PARAMETER),
        ({"OperationalData": {"/aws/resources": {"Value": "[]"}}}, None),
        ({"OperationalData": {"/aws/dedup": {"Value": "inc-1"}}}, PARAMETER),
        ({"OperationalData": {"/aws/dedup": {"Value": '{"dedupString": 7}'}}}, PARAMETER),
        ({"Tags": [{"Key": "k", "Value": "v" * 257}]}, VALIDATION),
    ],
)
def test_what_opscenter_refuses_is_refused(ssm: Any, changed: dict[str, Any], expected: str | None) -> None:
    """Lengths, patterns, sizes and reserved names hold, at their very edges."""
    if expected is None:
        assert ssm.create_ops_item(**TICKET | changed)["OpsItemId"]
    else:
        assert code(refusal(ssm.create_ops_item, **TICKET | changed)) == expected
        assert ssm.describe_ops_items()["OpsItemSummaries"] == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Status": "Done"}, VALIDATION),
        ({"Status": "Approved"}, PARAMETER),
        ({"Description": "x" * 2049}, VALIDATION),
        ({"OperationalData": {"k": {"Value": "v" * 20_481}}}, PARAMETER),
        ({"Status": "InProgress"}, None),
    ],
)
def test_an_update_is_checked_as_a_creation_is(ssm: Any, changes: dict[str, Any], expected: str | None) -> None:
    """A refused update leaves the OpsItem as it was."""
    ops_item = ssm.create_ops_item(**TICKET)["OpsItemId"]
    if expected is None:
        ssm.update_ops_item(OpsItemId=ops_item, **changes)
        assert ssm.get_ops_item(OpsItemId=ops_item)["OpsItem"].items() >= changes.items()
    else:
        assert code(refusal(ssm.update_ops_item, OpsItemId=ops_item, **changes)) == expected
        assert ssm.get_ops_item(OpsItemId=ops_item)["OpsItem"]["Version"] == "1"


@pytest.mark.parametrize(
    ("operation", "ops_item", "expected"),
    [
        ("get_ops_item", "oi-000000000000", "OpsItemNotFoundException"),
        ("update_ops_item", "oi-000000000000", "OpsItemNotFoundException"),
        ("get_ops_item", "nonsense", VALIDATION),
    ],
)
def test_an_ops_item_that_is_not_there_is_not_found(ssm: Any, operation: str, ops_item: str, expected: str) -> None:
    """An unknown id is not found, and an impossible one is invalid."""
    assert code(refusal(getattr(ssm, operation), OpsItemId=ops_item)) == expected


def found(ssm: Any, *filters: tuple[str, str, str]) -> list[str]:
    """The titles of the OpsItems that the filters find."""
    asked = [{"Key": key, "Operator": operator, "Values": [value]} for key, operator, value in filters]
    return [item["Title"] for item in ssm.describe_ops_items(OpsItemFilters=asked)["OpsItemSummaries"]]


def test_lists_are_filtered(ssm: Any) -> None:
    """By status, source, title and by the operational data that are searchable; every filter must find it."""
    one = {"incident": searchable("inc-1"), "hidden": {"Type": "String", "Value": "secret"}}
    ssm.create_ops_item(**TICKET | {"Title": "one", "OperationalData": one})
    two = ssm.create_ops_item(**TICKET | {"Title": "two", "OperationalData": {"incident": searchable("inc-2")}})
    ssm.update_ops_item(OpsItemId=two["OpsItemId"], Status="Resolved")
    assert found(ssm) == ["one", "two"]
    assert found(ssm, ("Status", "Equal", "Open")) == ["one"]
    assert found(ssm, ("Source", "Equal", "another")) == []
    assert found(ssm, ("Title", "Contains", "w")) == ["two"]
    assert found(ssm, ("OpsItemId", "Equal", two["OpsItemId"])) == ["two"]
    assert found(ssm, ("OperationalDataKey", "Equal", "incident")) == ["one", "two"]
    assert found(ssm, ("OperationalDataValue", "Equal", "inc-2")) == ["two"]
    assert found(ssm, ("OperationalData", "Equal", '{"key":"incident","value":"inc-1"}')) == ["one"]
    assert found(ssm, ("OperationalDataKey", "Equal", "hidden")) == []
    assert found(ssm, ("Status", "Equal", "Open"), ("Title", "Equal", "two")) == []
    assert found(ssm, ("CreatedTime", "GreaterThan", "2020-01-01T00:00:00+00:00")) == ["one", "two"]
    assert found(ssm, ("CreatedTime", "LessThan", "2020-01-01T00:00:00+00:00")) == []
    summary = ssm.describe_ops_items()["OpsItemSummaries"][0]
    assert summary["OperationalData"] == {"incident": searchable("inc-1")}
    assert "Description" not in summary


@pytest.mark.parametrize(
    ("key", "operator", "expected"),
    [("Nonsense", "Equal", VALIDATION), ("Status", "Contains", PARAMETER), ("ResourceId", "Equal", PARAMETER)],
)
def test_a_filter_that_is_not_known_is_refused(ssm: Any, key: str, operator: str, expected: str) -> None:
    """A filter finds what it says or is an error, and never everything."""
    ssm.create_ops_item(**TICKET)
    asked = [{"Key": key, "Operator": operator, "Values": ["x"]}]
    assert code(refusal(ssm.describe_ops_items, OpsItemFilters=asked)) == expected


def test_lists_come_in_pages(ssm: Any) -> None:
    """At most MaxResults at a time, and the token leads on to the rest."""
    for number in range(5):
        ssm.create_ops_item(**TICKET | {"Title": str(number)})
    first = ssm.describe_ops_items(MaxResults=2)
    assert len(first["OpsItemSummaries"]) == 2
    pages = ssm.get_paginator("describe_ops_items").paginate(PaginationConfig={"PageSize": 2})
    assert [item["Title"] for page in pages for item in page["OpsItemSummaries"]] == ["0", "1", "2", "3", "4"]
    assert code(refusal(ssm.describe_ops_items, NextToken="nonsense")) == PARAMETER


def test_tags_of_an_unknown_ops_item_are_refused(ssm: Any) -> None:
    """What moto checks about tags still stands for everything else."""
    error = refusal(ssm.list_tags_for_resource, ResourceType="OpsItem", ResourceId="oi-000000000000")
    assert code(error) == "InvalidResourceId"


def test_moto_has_not_learnt_opscenter_by_itself() -> None:
    """What answers is ours; the day moto has it, installing fails."""
    for name in ("create_ops_item", "update_ops_item", "get_ops_item", "describe_ops_items"):
        assert getattr(SimpleSystemManagerResponse, name).__module__.startswith("playtest.local_aws")
