"""A file to hold things against, and to sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.oncall.known_good_says import NEW


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a known-good of pumps."""
    path = tmp_path / "pump.yaml"
    path.write_text(NEW)
    return path
