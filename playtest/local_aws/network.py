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
    """While it is on, sockets of this process reach loopback and unix sockets only.

    pytest-socket puts its own things in the same places, before and after: what is found there when it starts is put
    back where it was found, and only while our own stands there.
    """

    def __init__(self) -> None:
        """Guard nothing yet."""
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Refuse from now on."""
        sockets: Any = socket.socket
        connect, getaddrinfo = sockets.connect, socket.getaddrinfo

        def guarded_connect(sock: socket.socket, address: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
                raise NetworkReached(f"a socket to {address[0]}:{address[1]}")
            return connect(sock, address)

        def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if not is_local(host):
                raise NetworkReached(f"a look-up of {host}")
            return getaddrinfo(host, *args, **kwargs)

        self._put(sockets, "connect", guarded_connect)
        self._put(socket, "getaddrinfo", guarded_getaddrinfo)

    def stop(self) -> None:
        """Put back what was there before."""
        while self._undo:
            self._undo.pop()()

    def _put(self, place: Any, name: str, guarded: Callable[..., Any]) -> None:
        before = getattr(place, name)
        setattr(place, name, guarded)

        def undo() -> None:
            if getattr(place, name) is guarded:
                setattr(place, name, before)

        self._undo.append(undo)
