"""The stack's managed policy that denies sessions of AWS credentials by the certificate they were handed out to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cordon.errors import Throttled
from cordon.model.base import canonical_json
from cordon.model.thing import CERTIFICATE_ID

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

LONGEST_DOCUMENT = 6144
"""Characters that IAM takes in a managed policy, white space not counted (IAM quotas)."""

MOST_VERSIONS = 5
"""Versions that IAM keeps of a managed policy (IAM quotas)."""

_KEY = "credentials-iot:AwsCertificateId"
"""Present in every request with credentials of the provider (AWS IoT, authorizing direct calls to AWS services)."""
_NOBODY = "none"
"""Stands where no certificate is denied: IAM takes no empty list, and no certificate has this id."""


def deny_document(certificate_ids: Iterable[str]) -> dict[str, Any]:
    """Return the document that denies everything to these certificates' sessions; template.yaml has the empty one."""
    ids = sorted(filter(CERTIFICATE_ID.fullmatch, certificate_ids))
    denied = {"StringEquals": {_KEY: ids or [_NOBODY]}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": denied}
    return {"Version": "2012-10-17", "Statement": [statement]}


def fitting(certificate_ids: Sequence[str]) -> list[str]:
    """Return as many of these ids as the document holds, the first ones."""
    return list(dict.fromkeys(certificate_ids))[:MOST_IDS]


def _most_ids() -> int:
    one, two = (len(canonical_json(deny_document(f"{n:064x}" for n in range(count)))) for count in (1, 2))
    return 1 + (LONGEST_DOCUMENT - one) // (two - one)


MOST_IDS = _most_ids()
"""Certificate ids that fit the document."""


class StsPolicy:
    """The policy, whose default version is what IAM goes by. The customer attaches it; we only write versions."""

    def __init__(self, iam: Callable[[], IAMClient], arn: str) -> None:
        """Speak of the policy `arn` to the client that `iam` gives: made when first needed, since few steps need it."""
        self._make_iam, self._arn = iam, arn

    @property
    def _iam(self) -> IAMClient:
        return self._make_iam()

    def document(self) -> Any:
        """Return the default version's document, as JSON."""
        version = self._iam.get_policy(PolicyArn=self._arn)["Policy"]["DefaultVersionId"]
        return self._iam.get_policy_version(PolicyArn=self._arn, VersionId=version)["PolicyVersion"]["Document"]

    def denied(self) -> list[str]:
        """Return the certificate ids that are denied: none if the document is not one of ours, whatever it lists."""
        document = self.document()
        try:
            listed = document["Statement"][0]["Condition"]["StringEquals"][_KEY]
            ids = [one for one in listed if CERTIFICATE_ID.fullmatch(one)]
        except (KeyError, IndexError, TypeError):
            return []
        return ids if document == deny_document(ids) else []

    def write(self, document: dict[str, Any]) -> None:
        """Make the document the default version; the oldest version goes where there is no room for another.

        Raises:
            Throttled: IAM shows an older state than it has (it is eventually consistent), or another writer was there.
        """
        self._make_room()
        try:
            self._iam.create_policy_version(
                PolicyArn=self._arn, PolicyDocument=canonical_json(document), SetAsDefault=True
            )
        except (
            self._iam.exceptions.LimitExceededException,
            self._iam.exceptions.ConcurrentModificationException,
        ) as error:
            raise Throttled(str(error)) from error

    def _make_room(self) -> None:
        versions = self._iam.list_policy_versions(PolicyArn=self._arn)["Versions"]
        if len(versions) < MOST_VERSIONS:
            return
        old = [int(version["VersionId"][1:]) for version in versions if not version["IsDefaultVersion"]]
        try:
            self._iam.delete_policy_version(PolicyArn=self._arn, VersionId=f"v{min(old)}")
        except self._iam.exceptions.NoSuchEntityException:
            return  # gone already
