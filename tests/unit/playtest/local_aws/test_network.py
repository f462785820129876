from __future__ import annotations

import socket

import pytest

from playtest.local_aws import LocalAws, NetworkReached
from playtest.local_aws.network import is_local


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("example.com", False),
        ("10.0.0.1", False),
        (b"x", False),
    ],
)
def test_only_this_machine_is_local(host: object, local: bool) -> None:
    """Loopback does not leave the machine; all else is the network."""
    assert is_local(host) is local


def test_a_host_that_moto_does_not_answer_for_fails(aws: LocalAws) -> None:
    """moto lets a request to any other host through to the network; the local AWS does not."""
    with pytest.raises(NetworkReached):
        socket.getaddrinfo("example.com", 443)
