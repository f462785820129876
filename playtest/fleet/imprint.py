"""Remember what the plant's creation left in moto, so that the next local AWS of this process repeats no calls.

A plant is a hundred API calls, about half a second, and each test of a playbook starts with one. The calls are made
once a process; later plants of the same account and Region are copies of what they left. `test_demo_fleet.py` holds a
copied plant against a created one.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from moto.cognitoidentity.models import cognitoidentity_backends
from moto.iam.models import iam_backends
from moto.iot.models import iot_backends

from playtest.fleet.registry import exclusive_attachments, keep_exclusive_attachments

_IOT = (
    "things",
    "thing_types",
    "thing_groups",
    "ca_certificates",
    "certificates",
    "policies",
    "principal_policies",
    "principal_things",
    "role_aliases",
)
_COGNITO = ("identity_pools", "pools_identities")
_IAM = ("roles",)

Collections = Mapping[str, Mapping[Any, Any]]

_imprints: dict[tuple[str, str], tuple[Collections, frozenset[Any]]] = {}


class Imprint:
    """What is added between its making and `keep`, in one account and Region."""

    def __init__(self, account: str, region: str) -> None:
        self._where = (account, region)
        self._before = {name: set(collection) for name, collection in self._collections().items()}

    def keep(self) -> None:
        """Remember all that was added since."""
        added = {
            name: {key: value for key, value in collection.items() if key not in self._before[name]}
            for name, collection in self._collections().items()
        }
        # One copy of everything together: a thing stays the same thing in its group and in its attachments.
        _imprints[self._where] = (deepcopy(added), exclusive_attachments(self._iot()))

    def restore(self) -> bool:
        """Add what was remembered for this account and Region; False where nothing was."""
        if self._where not in _imprints:
            return False
        added, exclusive = _imprints[self._where]
        collections = self._collections()
        for name, entries in deepcopy(added).items():
            collections[name].update(entries)
        keep_exclusive_attachments(self._iot(), exclusive)
        return True

    def _iot(self) -> Any:
        account, region = self._where
        return iot_backends[account][region]

    def _collections(self) -> dict[str, dict[Any, Any]]:
        account, region = self._where
        cognito = cognitoidentity_backends[account][region]
        iot = {name: getattr(self._iot(), name) for name in _IOT}
        iam = iam_backends[account]["aws"]  # of the account, in no Region
        iot |= {name: getattr(cognito, name) for name in _COGNITO}
        return iot | {name: getattr(iam, name) for name in _IAM}
