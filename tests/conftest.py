"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import aws_xray_sdk.core  # noqa: F401 - it opens a UDP socket when imported, which no test may do; it sends nothing
import pytest

from playtest.local_aws import LocalAws


@pytest.fixture
def local_aws() -> Iterator[LocalAws]:
    """A local AWS with the real template.yaml in it, in automatic mode, and the demo fleet."""
    with LocalAws(parameters={"Mode": "automatic"}) as aws:
        yield aws
