"""The condition operators of the policy language: what holds, for one key and the values that a statement wants.

Semantics from the IAM reference, "Condition operators": several wanted values are alternatives (for a negated operator:
none may match), a key without a value fails every operator but the negated ones, `…IfExists` and `Null`, and a set
operator (`ForAllValues:`, `ForAnyValue:`) compares each value of a key that has several.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt

Values = str | tuple[str, ...]
"""The value of a key: one text, or several."""

Comparison = Callable[[str, str], bool]
"""Says whether the value that is there (first) matches the one that is wanted (second)."""


class PolicyDocumentError(ValueError):
    """A policy document that AWS would refuse; `element` names the place."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(f"{element} {reason}")
        self.element = element
        self.reason = reason


@dataclass(frozen=True)
class Condition:
    """One line of a Condition block: `operator` over `key` with the values it wants, variables not yet replaced."""

    operator: str
    key: str
    wanted: tuple[str, ...]


def like(value: str, wanted: str) -> bool:
    """Say whether `value` matches `wanted`, in which `*` and `?` are wildcards."""
    pattern = "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in wanted)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def _ignoring_case(value: str, wanted: str) -> bool:
    return value.casefold() == wanted.casefold()


def _in_network(value: str, wanted: str) -> bool:
    try:
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        raise PolicyDocumentError("Condition", f"compares {value!r} with the network {wanted!r}") from None


def _numeric(compare: Callable[[float, float], bool]) -> Comparison:
    def numbers(value: str, wanted: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            raise PolicyDocumentError("Condition", f"compares {value!r} with the number {wanted!r}") from None

    return numbers


_OPERATORS: dict[str, Comparison] = {
    "StringEquals": eq,
    "StringEqualsIgnoreCase": _ignoring_case,
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": _ignoring_case,
    "IpAddress": _in_network,
    "NumericEquals": _numeric(eq),
    "NumericLessThan": _numeric(lt),
    "NumericLessThanEquals": _numeric(le),
    "NumericGreaterThan": _numeric(gt),
    "NumericGreaterThanEquals": _numeric(ge),
}
_NEGATED: dict[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}


def check_operator(operator: str) -> None:
    """Raise PolicyDocumentError for an operator that this evaluator does not know, rather than guess what it means."""
    _, _, name = operator.rpartition(":")
    known = name == "Null" or name.removesuffix("IfExists") in _OPERATORS.keys() | _NEGATED.keys()
    if not known or _set_operator(operator) not in ("", "ForAllValues", "ForAnyValue"):
        raise PolicyDocumentError("Condition", f"has the unknown operator {operator!r}")


def holds(condition: Condition, wanted: tuple[str, ...], present: Values | None) -> bool:
    """Say whether `condition` holds: `wanted` are its values with variables replaced, `present` what the key has."""
    name = condition.operator.rpartition(":")[2]
    if name == "Null":
        return any((present is None) == (value.lower() == "true") for value in wanted)
    base = name.removesuffix("IfExists")
    if present is None:
        set_operator = _set_operator(condition.operator)
        absent_is_fine = base in _NEGATED and set_operator != "ForAnyValue"
        return absent_is_fine or name.endswith("IfExists") or set_operator == "ForAllValues"
    return _compare(condition.operator, base, wanted, present)


def _compare(operator: str, base: str, wanted: tuple[str, ...], present: Values) -> bool:
    negated = base in _NEGATED
    compare = _OPERATORS[_NEGATED.get(base, base)]
    values = (present,) if isinstance(present, str) else present
    results = [any(compare(value, want) for want in wanted) is not negated for value in values]
    # Without a set operator a negated comparison must hold for every value, a positive one for any.
    every = _set_operator(operator) == "ForAllValues" or (negated and not _set_operator(operator))
    return all(results) if every else any(results)


def _set_operator(operator: str) -> str:
    return operator.rpartition(":")[0]
