"""A desk to talk to, and a person's AWS configuration that is nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.oncall.signed_desk import REGION, SignedDesk, signed_desk


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Be Maria: her keys and Region stand in the environment, and no file or service of this machine is asked."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "CORDON_DESK_URL", "CORDON_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDMARIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "maria's secret")
    return monkeypatch


@pytest.fixture
def desk(person: pytest.MonkeyPatch) -> Iterator[SignedDesk]:
    """A desk of which CORDON_DESK_URL tells."""
    with signed_desk() as opened:
        person.setenv("CORDON_DESK_URL", opened.url)
        yield opened
