"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_xray_sdk.core import xray_recorder
from pytest_socket import enable_socket

from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy

# The SDK opens a UDP socket when it is imported, which no test may do: it is imported here, and its socket closed.
xray_recorder.emitter._socket.close()


@pytest.fixture
def local_aws() -> Iterator[LocalAws]:
    """A local AWS with the real template.yaml in it, under the demo policy, and the demo fleet."""
    with LocalAws(policy=demo_policy()) as aws:
        yield aws


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Open the sockets again when a test is over: a local AWS that ends late puts back what pytest-socket had shut."""
    yield
    enable_socket()
