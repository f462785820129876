"""OpsItems as OpsCenter keeps them: what it refuses, when one is a duplicate, and what a filter finds."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from moto.core.exceptions import ServiceException

DEDUP = "/aws/dedup"
DATA_BYTES = 20 * 1024
"""The size of one value of OperationalData (API reference)."""

STATUSES = ("Open", "InProgress", "Resolved")
"""What an OpsItem of type /aws/issue may be set to; the enum's other values belong to change requests (M)."""

_TAKEN_PREFIXES = ("amazon", "aws", "amzn", "ssm", "/amazon", "/aws", "/amzn", "/ssm")
_AWS_KEYS = (DEDUP, "/aws/resources", "/aws/automations")
_TAKEN_SOURCES = ("aws", "amazon", "amzn")


class OpsItemNotFound(ServiceException):
    """No OpsItem has this id."""

    code = "OpsItemNotFoundException"


class InvalidParameter(ServiceException):
    """A parameter that OpsCenter refuses; `ParameterNames` names it."""

    code = "OpsItemInvalidParameterException"

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"{parameter}: {reason}")
        self.ParameterNames = [parameter]


class AlreadyExists(ServiceException):
    """An open OpsItem of the same source has the same deduplication string; `OpsItemId` is its id."""

    code = "OpsItemAlreadyExistsException"

    def __init__(self, ops_item_id: str) -> None:
        super().__init__(f"An OpsItem with the same deduplication string already exists: {ops_item_id}")
        self.OpsItemId = ops_item_id


Item = dict[str, Any]


class OpsItems:
    """The OpsItems of one account and Region. `now` gives aware times in UTC."""

    def __init__(self, now: Callable[[], datetime], owner: str, arn_prefix: str) -> None:
        self._now = now
        self._arn_prefix = arn_prefix
        self._owner = owner
        self._items: dict[str, Item] = {}
        self._lock = RLock()

    def __contains__(self, ops_item_id: str) -> bool:
        """Say whether there is an OpsItem of this id."""
        return ops_item_id in self._items

    def get(self, ops_item_id: str | None) -> Item:
        """Return an OpsItem; OpsItemNotFound where there is none."""
        if ops_item_id not in self._items:
            raise OpsItemNotFound(f"OpsItem ID {ops_item_id} does not exist.")
        return self._items[ops_item_id]

    def create(self, given: Mapping[str, Any]) -> Item:
        """Keep a new OpsItem and return it; raises InvalidParameter or AlreadyExists."""
        if any(taken in given["Source"].lower() for taken in _TAKEN_SOURCES):
            raise InvalidParameter("Source", f"cannot contain {', '.join(_TAKEN_SOURCES)}")
        moment = self._now()
        made = {"CreatedBy": self._owner, "CreatedTime": moment, "LastModifiedBy": self._owner}
        item = {
            "OpsItemType": "/aws/issue",
            **given,
            **made,
            "LastModifiedTime": moment,
            "Status": "Open",
            "Version": "1",
        }
        item["OperationalData"] = _checked(given.get("OperationalData") or {})
        with self._lock:
            self._refuse_duplicate(item)
            item["OpsItemId"] = f"oi-{uuid.uuid4().hex[:12]}"
            item["OpsItemArn"] = f"{self._arn_prefix}/{item['OpsItemId']}"
            self._items[item["OpsItemId"]] = item
        return item

    def update(self, ops_item_id: str, changes: Mapping[str, Any]) -> None:
        """Change an OpsItem: OperationalData is merged, OperationalDataToDelete taken out, anything else replaced."""
        if changes.get("Status", "Open") not in STATUSES:
            raise InvalidParameter("Status", f"an OpsItem of type /aws/issue is one of {', '.join(STATUSES)}")
        added, removed = changes.get("OperationalData") or {}, changes.get("OperationalDataToDelete") or ()
        plain = {name: value for name, value in changes.items() if not name.startswith("OperationalData")}
        with self._lock:
            before = self.get(ops_item_id)
            data = {key: value for key, value in before["OperationalData"].items() if key not in removed}
            after = before | plain | {"OperationalData": data | _checked(added)}
            if DEDUP in added or (before["Status"] == "Resolved" and after["Status"] != "Resolved"):
                self._refuse_duplicate(after)
            after |= {"LastModifiedTime": self._now(), "LastModifiedBy": self._owner}
            self._items[ops_item_id] = after | {"Version": str(int(before["Version"]) + 1)}

    def find(self, filters: list[Mapping[str, Any]]) -> list[Item]:
        """Return the OpsItems that every filter finds, the oldest first; raises InvalidParameter for one not known."""
        with self._lock:
            return [item for item in self._items.values() if all(_finds(each, item) for each in filters)]

    def _refuse_duplicate(self, item: Item) -> None:
        wanted = _dedup_string(item)
        for other in self._items.values():
            same = (_dedup_string(other), other["Source"]) == (wanted, item["Source"])
            if wanted and same and other["Status"] != "Resolved" and other["OpsItemId"] != item.get("OpsItemId"):
                raise AlreadyExists(other["OpsItemId"])


def _dedup_string(item: Item) -> str | None:
    entry = item["OperationalData"].get(DEDUP)
    return None if entry is None else str(json.loads(entry["Value"])["dedupString"])


def _checked(data: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    for key, entry in data.items():
        if key.lower().startswith(_TAKEN_PREFIXES) and key not in _AWS_KEYS:
            raise InvalidParameter("OperationalData", f"the key {key} begins with a name that AWS keeps for itself")
        # The error that AWS gives for a value that is too long is not documented (L).
        if len(entry.get("Value", "").encode()) > DATA_BYTES:
            raise InvalidParameter("OperationalData", f"the value of {key} has more than {DATA_BYTES} bytes")
        if key == DEDUP and not _has_dedup_string(entry.get("Value", "")):
            raise InvalidParameter("OperationalData", f'{DEDUP} needs a value such as {{"dedupString": "…"}}')
    return dict(data)


def _has_dedup_string(value: str) -> bool:
    try:
        parsed = json.loads(value)
    except ValueError:
        return False
    return isinstance(parsed, dict) and isinstance(parsed.get("dedupString"), str) and bool(parsed["dedupString"])


def searchable(item: Item) -> dict[str, Any]:
    """Return the operational data that lists show and filters find: that of type SearchableString."""
    return {key: entry for key, entry in item["OperationalData"].items() if entry.get("Type") == "SearchableString"}


_TEXTS = ("Status", "CreatedBy", "Source", "Priority", "Title", "OpsItemId", "Category", "Severity", "OpsItemType")
_TIMES = ("CreatedTime", "LastModifiedTime")


def _finds(wanted: Mapping[str, Any], item: Item) -> bool:
    key, operator = wanted["Key"], wanted["Operator"]
    if key in _TIMES and operator in ("GreaterThan", "LessThan"):
        moments = [datetime.fromisoformat(value) for value in wanted["Values"]]
        return any(item[key] > moment if operator == "GreaterThan" else item[key] < moment for moment in moments)
    present = _present(key, item)
    if operator == "Equal":
        return any(value in present for value in wanted["Values"])
    if operator == "Contains" and key in ("Title", "Source"):
        return any(value in text for value in wanted["Values"] for text in present)
    raise InvalidParameter("OpsItemFilters", f"{key} cannot be compared with {operator} in the local AWS")


def _present(key: str, item: Item) -> list[str]:
    data = searchable(item)
    if key == "OperationalDataKey":
        return list(data)
    if key == "OperationalDataValue":
        return [entry["Value"] for entry in data.values()]
    if key == "OperationalData":
        return [
            json.dumps({"key": name, "value": entry["Value"]}, separators=(",", ":")) for name, entry in data.items()
        ]
    if key in _TEXTS:
        return [str(item[key])] if key in item else []
    raise InvalidParameter("OpsItemFilters", f"the local AWS cannot filter by {key}")
