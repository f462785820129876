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


Known = Mapping[str, str | list[str]]
"""The values of a request by condition key in lower case; a list for a key that may have several."""


def hold(condition: Mapping[str, Mapping[str, Any]], known: Known) -> bool:
    """Say whether all of `condition` holds of a request with the values `known`.

    Raises UnknownCondition for an operator or a key that cannot be judged here.
    """
    return all(
        _holds(operator, key.lower(), [_text(value) for value in one_or_many(wanted)], known)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, key: str, wanted: list[str], known: Known) -> bool:
    if key not in known:
        raise UnknownCondition(f"{operator} {key}")
    found = one_or_many(known[key])
    if operator == "Null":
        return (not found) == (wanted == ["true"])
    quantifier, _, name = operator.rpartition(":")
    results = [_compare(name, wanted, value) for value in found]
    return any(results) if quantifier == "ForAnyValue" else all(results)


def _compare(operator: str, wanted: list[str], value: str) -> bool:
    name = operator.removesuffix("IfExists")
    compare = _OPERATORS.get(name.replace("Not", ""))
    if compare is None:
        raise UnknownCondition(operator)
    return any(compare(one, value) for one in wanted) != ("Not" in name)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
