"""What a demo device understands of a job: how it restores itself, and how it takes a new certificate in.

Two operations. `restore` installs a version (downloaded by its presigned URL and held against the job's SHA-256) and
brings a certificate signing request back; `install-certificate` takes the certificate for it in. docs/playtest.md has
both documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from playtest.behaviours import Installs, JobBehaviour
from playtest.fleet.certificates import LONGEST_COMMON_NAME, PrivateKey, demo_key_of
from playtest.fleet.signing_requests import request

SCHEMA_VERSION = 1
KEY_KIND = "ec-p256"
"""The one kind of key that a demo device makes."""

_TIMEOUT = 10
"""Seconds for a download, which never leaves this process."""
_OK = 200


@dataclass(frozen=True)
class Outcome:
    """What a device reports: status and details; what its `$package` shadow says from now on; whether it reconnects."""

    status: str
    details: Mapping[str, str] = field(default_factory=dict)
    shadow: Mapping[str, Any] = field(default_factory=dict)
    comes_back: bool = False


class Unable(Exception):
    """The device cannot do what its job says; holds what it reports."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.outcome = Outcome(status, {"reason": reason})


class Repair:
    """The keys and certificates of one device, and what it has installed."""

    def __init__(self, thing_name: str) -> None:
        self.given: dict[str, PrivateKey] = {}
        """The ids of the certificates that it was given since it was made, the newest last, each with its key."""
        self.installed: tuple[str, str, str] | None = None
        """Package, version and SHA-256 of what it has really installed."""
        self.is_done = False
        """Whether it was restored, and has shown nothing since."""
        self._thing_name = thing_name
        self._keys: list[PrivateKey] = []

    def carry_out(self, behaviour: JobBehaviour, document: Mapping[str, Any], principal: str) -> Outcome:
        """Do what the document says, as this behaviour does it; `principal` is what the device is connected with."""
        if behaviour.ends != "SUCCEEDED":
            return Outcome(behaviour.ends, {"reason": behaviour.reason})
        operation = _OPERATIONS.get(document.get("operation", ""))
        if operation is None or document.get("schema_version") != SCHEMA_VERSION:
            return Unable("REJECTED", "it does not understand the job").outcome
        try:
            return operation(self, behaviour, document, principal)
        except Unable as error:
            return error.outcome

    def restore(self, behaviour: JobBehaviour, document: Mapping[str, Any], principal: str) -> Outcome:
        """Install the version that the document names, and make a certificate signing request."""
        asked, firmware = document.get("csr"), document.get("firmware")
        details, shadow = {}, {}
        if asked is not None:
            _check_request(asked, self._thing_name)
        if firmware is not None:
            details["installed"] = self._install(behaviour, firmware)
            if behaviour.installs is not Installs.NOTHING:
                shadow = {firmware["package"]: {"version": firmware["version"]}}
        if asked is not None:
            details["csr"] = self._request(behaviour, principal)
        self.is_done = True
        return Outcome("SUCCEEDED", details, shadow)

    def take_certificate(self, _behaviour: JobBehaviour, document: Mapping[str, Any], _principal: str) -> Outcome:
        """Take a certificate in that is for one of the device's own keys, and show it from now on."""
        try:
            certificate = x509.load_pem_x509_certificate(str(document["certificate"]["pem"]).encode())
        except (KeyError, TypeError, ValueError):
            raise Unable("REJECTED", "there is no certificate in the job") from None
        key = next((key for key in self._keys if key.public_key() == certificate.public_key()), None)
        if key is None:
            raise Unable("REJECTED", "the certificate is for no key of this device")
        certificate_id = certificate.fingerprint(hashes.SHA256()).hex()
        self.given.pop(certificate_id, None)
        self.given[certificate_id] = key
        return Outcome("SUCCEEDED", {"certificate": certificate_id}, comes_back=True)

    def _install(self, behaviour: JobBehaviour, firmware: Mapping[str, Any]) -> str:
        package, version, expected = (str(firmware[name]) for name in ("package", "version", "sha256"))
        if behaviour.installs is Installs.NOTHING:
            return f"{package} {version} {expected}"
        found = hashlib.sha256(_download(str(firmware["url"]))).hexdigest()
        if behaviour.installs is Installs.CHECKED and found != expected:
            raise Unable("FAILED", f"the artefact has the SHA-256 {found}, expected {expected}")
        self.installed = (package, version, found)
        told = found if behaviour.has_right_hash else hashlib.sha256(found.encode()).hexdigest()
        return f"{package} {version} {told}"

    def _request(self, behaviour: JobBehaviour, principal: str) -> str:
        certificate_id = principal.rpartition("/")[2]
        current = self.given.get(certificate_id) or demo_key_of(certificate_id)
        text, key = request(behaviour.asks, self._thing_name, current)
        self._keys += [] if key is None else [key]
        return text


_OPERATIONS: Mapping[str, Callable[[Repair, JobBehaviour, Mapping[str, Any], str], Outcome]] = {
    "restore": Repair.restore,
    "install-certificate": Repair.take_certificate,
}


def _check_request(asked: Mapping[str, Any], thing_name: str) -> None:
    if asked.get("subject") != f"CN={thing_name[:LONGEST_COMMON_NAME]}":
        raise Unable("REJECTED", "it signs for no other name than its own")
    if KEY_KIND not in asked.get("keys", ()):
        raise Unable("REJECTED", f"it makes {KEY_KIND} keys only")


def _download(url: str) -> bytes:
    answer = requests.get(url, timeout=_TIMEOUT)
    if answer.status_code != _OK:
        raise Unable("FAILED", f"the artefact could not be downloaded: HTTP {answer.status_code}")
    return answer.content
