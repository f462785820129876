"""Faults of the local AWS, switched on per certificate: what AWS should not do, and Cordon must survive."""

from __future__ import annotations

from datetime import timedelta


class Faults:
    """Which certificates are honoured although they are not ACTIVE. A principal is the certificate's ARN."""

    def __init__(self) -> None:
        self._always: set[str] = set()
        self._until: dict[str, timedelta] = {}
        self._comebacks: dict[str, int] = {}

    def stays_accepted(self, principal: str) -> None:
        """Accept the certificate for ever, whatever its status."""
        self._always.add(principal)

    def bites_after(self, principal: str, seconds: float) -> None:
        """Accept the certificate until `seconds` after it was deactivated."""
        self._until[principal] = timedelta(seconds=seconds)

    def comes_back(self, principal: str, times: int) -> None:
        """Accept `times` further connects with the certificate after it was deactivated, and none after them."""
        self._comebacks[principal] = times

    def clear(self) -> None:
        """Switch every fault off."""
        for switched in (self._always, self._until, self._comebacks):
            switched.clear()

    def accepts(self, principal: str, inactive_for: timedelta, *, comes_back: bool) -> bool:
        """Say whether a fault lets a certificate pass that has been deactivated for `inactive_for`.

        `comes_back` says that this is a connect, which uses up one of the connects that are left.
        """
        if principal in self._always or inactive_for < self._until.get(principal, timedelta()):
            return True
        left = self._comebacks.get(principal, 0)
        if comes_back and left:
            self._comebacks[principal] = left - 1
        return comes_back and left > 0
