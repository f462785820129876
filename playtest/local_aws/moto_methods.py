"""Hook moto's methods so that a change of moto is noticed: what is replaced must exist, what is added must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class MotoChanged(RuntimeError):
    """moto is not the moto that the local AWS was written for."""


def replace(owner: type, **methods: Callable[..., Any]) -> None:
    """Replace methods of a class of moto; MotoChanged names the first that it does not have."""
    for name, method in methods.items():
        if not hasattr(owner, name):
            raise MotoChanged(f"{owner.__name__} has no {name} any more")
        setattr(owner, name, method)


def add(owner: type, **methods: Callable[..., Any]) -> None:
    """Add methods to a class of moto; MotoChanged names the first that it has learnt by itself."""
    for name, method in methods.items():
        if hasattr(owner, name):
            raise MotoChanged(f"{owner.__name__} has its own {name} now")
        setattr(owner, name, method)
