"""Condition blocks of IAM policies, judged against what is known of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playtest.local_aws.arns import matches, one_or_many


class UnknownCondition(Exception):
    """A policy has a condition that the local AWS cannot judge, and it must not be taken for granted; names it."""


def _like(wanted: str, found: str) -> bool:
    return matches(wanted, found)


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda wanted, found: compare(float(found), float(wanted))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.lower() == found.lower(),
    "StringLike": _like,
    "ArnEquals": _like,  # the same as ArnLike, says the reference
    "ArnLike": _like,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
    "NumericEquals": _number(lambda found, wanted: found == wanted),
    "NumericLessThan": _number(lambda found, wanted: found < wanted),
    "NumericLessThanEquals": _number(lambda found, wanted: found <= wanted),
    "NumericGreaterThan": _number(lambda found, wanted: found > wanted),
    "NumericGreaterThanEquals": _number(lambda found, wanted: found >= wanted),
}


def hold(condition: Mapping[str, Mapping[str, Any]], known: Mapping[str, str]) -> bool:
    """Say whether all of `condition` holds; `known` has the request's values by condition key in lower case.

    Raises UnknownCondition for an operator or a key that cannot be judged here.
    """
    return all(
        _holds(operator, key.lower(), [_text(value) for value in one_or_many(wanted)], known)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, key: str, wanted: list[str], known: Mapping[str, str]) -> bool:
    name = operator.removesuffix("IfExists")
    negated = "Not" in name
    compare = _OPERATORS.get(name.replace("Not", ""))
    if compare is None or key not in known:
        raise UnknownCondition(f"{operator} {key}")
    return any(compare(value, known[key]) for value in wanted) != negated


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
