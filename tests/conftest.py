"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_xray_sdk.core import xray_recorder

from playtest.local_aws import LocalAws

# The SDK opens a UDP socket when it is imported, which no test may do: it is imported here, and its socket closed.
xray_recorder.emitter._socket.close()


@pytest.fixture
def local_aws() -> Iterator[LocalAws]:
    """A local AWS with the real template.yaml in it, in automatic mode, and the demo fleet."""
    with LocalAws(parameters={"Mode": "automatic"}) as aws:
        yield aws
