"""No network: what the stand-in for AWS does not answer must fail, loudly and at once."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any


class NetworkReached(BaseException):
    """Something tried to reach a host that is not this machine. Not an Exception: no retry may hide it."""


def is_local(host: object) -> bool:
    """Say whether `host`, a name or an address, is this machine: what talks to itself over loopback leaves it not."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


class NetworkGuard:
    """While it is on, sockets of this process reach loopback and unix sockets only."""

    def __init__(self) -> None:
        """Remember what to put back."""
        self._connect: Callable[..., Any] = socket.socket.connect
        self._getaddrinfo: Callable[..., Any] = socket.getaddrinfo

    def start(self) -> None:
        """Refuse from now on."""
        connect, getaddrinfo = self._connect, self._getaddrinfo

        def guarded_connect(sock: socket.socket, address: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
                raise NetworkReached(f"a socket to {address[0]}:{address[1]}")
            return connect(sock, address)

        def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if not is_local(host):
                raise NetworkReached(f"a look-up of {host}")
            return getaddrinfo(host, *args, **kwargs)

        self._put(guarded_connect)
        socket.getaddrinfo = guarded_getaddrinfo

    def stop(self) -> None:
        """Put the real calls back."""
        self._put(self._connect)
        socket.getaddrinfo = self._getaddrinfo

    @staticmethod
    def _put(connect: Callable[..., Any]) -> None:
        sockets: Any = socket.socket  # pytest-socket replaces the class itself, so it is looked up anew
        sockets.connect = connect
