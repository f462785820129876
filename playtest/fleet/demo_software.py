"""What runs on the devices of the plant, as data: firmware by type of thing, and what they are told and say of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ARTEFACT_BYTES = 4096


@dataclass(frozen=True)
class Firmware:
    """The firmware of a type of thing: its package, and the versions that are published, the oldest first."""

    package: str
    versions: tuple[str, ...]

    @property
    def current(self) -> str:
        """Return the version that the plant runs, which is the package's default."""
        return self.versions[-1]


FIRMWARE: Mapping[str, Firmware] = {
    "camera": Firmware("camera-firmware", ("5.1.0", "5.2.0", "5.2.3")),
    "capper": Firmware("capper-firmware", ("1.8.0", "1.9.0")),
    "device": Firmware("device-firmware", ("1.0.0", "1.1.0")),
    "filler": Firmware("filler-firmware", ("3.0.0", "3.1.0")),
    "gateway": Firmware("gateway-firmware", ("2.11.0", "2.12.0", "2.12.1")),
    "labeller": Firmware("labeller-firmware", ("4.0.0", "4.0.2")),
    "mixer": Firmware("mixer-firmware", ("2.0.0", "2.1.0")),
    "pump": Firmware("pump-firmware", ("2.3.0", "2.4.0", "2.4.1")),
    "tablet": Firmware("tablet-app", ("7.0.1", "7.1.0")),
    "valve-controller": Firmware("valve-controller-firmware", ("1.4.0", "1.5.0", "1.5.2")),
}
"""By type of thing. Versions are dotted numbers."""

DESIRED: Mapping[str, Mapping[str, Any]] = {
    "camera": {"interval": 60, "stream": {"on": True, "height": 1080}},
    "capper": {"interval": 15, "torque": 1.8},
    "device": {"interval": 60},
    "filler": {"interval": 15, "volume": 500, "limits": {"speed": 240}},
    "gateway": {"interval": 60, "uplink": "ethernet"},
    "labeller": {"interval": 15, "label": "water-still-500"},
    "mixer": {"interval": 15, "ratio": {"syrup": 1, "water": 5}},
    "pump": {"interval": 30, "speed": 1450, "limits": {"pressure": 6.5}},
    "tablet": {"interval": 300, "locale": "de-DE"},
    "valve-controller": {"interval": 10, "position": "open", "limits": {"pressure": 8}},
}
"""What is desired in the classic shadow of a thing of each type. A device does as it is told, and reports that."""

SAYS: Mapping[str, Mapping[str, Any]] = {
    "camera": {"recording": True},
    "gateway": {"clients": 7},
    "pump": {"running": True},
    "tablet": {"battery": 80},
    "valve-controller": {"interlock": "armed"},
}
"""What a device of a type reports besides."""


def artefact(package: str, version: str) -> bytes:
    """Return the artefact of a version: the same bytes for the same names, always, and for no others."""
    head = f"{package} {version}\n".encode()
    return head + hashlib.shake_256(head).digest(_ARTEFACT_BYTES - len(head))


def artefact_sha256(package: str, version: str) -> str:
    """Return the SHA-256 of the artefact, 64 hex digits."""
    return hashlib.sha256(artefact(package, version)).hexdigest()


def artefact_key(package: str, version: str) -> str:
    """Return the key under which the artefact lies in the plant's bucket."""
    return f"{package}/{version}.bin"


def firmware_bucket(account: str, region: str) -> str:
    """Return the name of the bucket with the artefacts; it is the plant's and not of Cordon's stack."""
    return f"plant-firmware-{account}-{region}"
