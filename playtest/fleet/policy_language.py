"""Decide what the AWS IoT policy language allows: explicit deny wins, then allow, and anything unsaid is denied.

The language has Effect, Action, Resource and Condition only (AWS-FACTS 1.3): a document with NotAction, NotResource
or Principal is malformed. `*` and `?` are the only wildcards; the MQTT wildcards `+` and `#` in a topic filter are
ordinary characters (AWS IoT developer guide, "Publish/Subscribe policy examples").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from playtest.fleet.policy_conditions import Condition, PolicyDocumentError, Values, check_operator, holds

__all__ = ["Decision", "PolicyDocument", "PolicyDocumentError", "Request", "Statement", "decide", "parse", "resolve"]

_DOCUMENT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})
_VERSIONS = ("2012-10-17", "2008-10-17")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")


class Decision(Enum):
    """What the policies say to a request; only ALLOWED lets it pass."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True)
class Request:
    """One act of a device: `action` such as `iot:Connect`, the ARN it is about, and the variables that have a value.

    `variables` holds what `${…}` and condition keys may name. A variable that has no value is left out.
    """

    action: str
    resource: str
    variables: Mapping[str, Values]


@dataclass(frozen=True)
class Statement:
    """One statement of a document, as written."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def matches(self, request: Request) -> bool:
        """Say whether the statement speaks about `request`: its action, its resource and every condition."""
        return (
            any(_action_pattern(action).fullmatch(request.action) for action in self.actions)
            and any(_fits(resource, request) for resource in self.resources)
            and all(self._holds(condition, request) for condition in self.conditions)
        )

    @staticmethod
    def _holds(condition: Condition, request: Request) -> bool:
        resolved = [resolve(wanted, request.variables) for wanted in condition.wanted]
        known = tuple(wanted for wanted in resolved if wanted is not None)
        # A statement that names a variable without a value matches nothing, whatever its operator says.
        return len(known) == len(resolved) and holds(condition, known, request.variables.get(condition.key))


@dataclass(frozen=True)
class PolicyDocument:
    """A parsed policy."""

    statements: tuple[Statement, ...]


def decide(documents: Iterable[PolicyDocument], request: Request) -> Decision:
    """Return what `documents` together say to `request`.

    Raises PolicyDocumentError where a condition compares what cannot be compared (a number with a word).
    """
    effects = {
        statement.effect for document in documents for statement in document.statements if statement.matches(request)
    }
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def resolve(text: str, variables: Mapping[str, Values]) -> str | None:
    """Return `text` with every `${name}` replaced, or None where a variable has no single value."""
    missing = [name for name in _VARIABLE.findall(text) if not isinstance(variables.get(name), str)]
    return None if missing else _VARIABLE.sub(lambda found: str(variables[found.group(1)]), text)


@lru_cache(maxsize=1024)
def parse(text: str) -> PolicyDocument:
    """Return the policy written in `text` (JSON).

    Raises PolicyDocumentError, which names the element, where AWS answers MalformedPolicyException.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyDocumentError("document", f"is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise PolicyDocumentError("document", "is not a JSON object")
    _refuse_unknown(document, _DOCUMENT_ELEMENTS)
    # Whether AWS takes a document without a Version is not documented; every sample of AWS has one (AWS-FACTS: L).
    if document.get("Version") not in _VERSIONS:
        raise PolicyDocumentError("Version", f"must be one of {', '.join(_VERSIONS)}")
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise PolicyDocumentError("Statement", "must be a statement or a list of statements")
    return PolicyDocument(tuple(_statement(statement) for statement in statements))


def _statement(statement: object) -> Statement:
    if not isinstance(statement, dict):
        raise PolicyDocumentError("Statement", "is not a JSON object")
    _refuse_unknown(statement, _STATEMENT_ELEMENTS)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise PolicyDocumentError("Effect", "must be Allow or Deny")
    return Statement(
        effect=statement["Effect"],
        actions=_texts(statement.get("Action"), "Action"),
        resources=_texts(statement.get("Resource"), "Resource"),
        conditions=tuple(_conditions(statement.get("Condition", {}))),
    )


def _conditions(block: object) -> Iterator[Condition]:
    if not isinstance(block, dict):
        raise PolicyDocumentError("Condition", "is not a JSON object")
    for operator, keys in block.items():
        check_operator(operator)
        if not isinstance(keys, dict):
            raise PolicyDocumentError(f"Condition.{operator}", "is not a JSON object")
        for key, wanted in keys.items():
            yield Condition(operator, key, _texts(wanted, f"Condition.{operator}.{key}"))


def _refuse_unknown(element: Mapping[str, object], known: frozenset[str]) -> None:
    for name in element:
        if name not in known:
            raise PolicyDocumentError(name, "is not an element of the AWS IoT policy language")


def _texts(value: object, element: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = [str(entry).lower() if isinstance(entry, bool) else entry for entry in values]
    named = tuple(entry for entry in texts if isinstance(entry, str) and entry)
    if not texts or len(named) < len(texts):
        raise PolicyDocumentError(element, "must be a text or a list of texts")
    return named


@lru_cache(maxsize=1024)
def _action_pattern(action: str) -> re.Pattern[str]:
    # Action names know no case in AWS's policy grammar (IAM reference; taken to hold for IoT too: M). Resources do.
    return re.compile(_wildcards(action), re.IGNORECASE | re.DOTALL)


def _fits(resource: str, request: Request) -> bool:
    pattern: list[str] = []
    # Split by a pattern with one group: texts and variable names take turns.
    for position, part in enumerate(_VARIABLE.split(resource)):
        if position % 2 == 0:
            pattern.append(_wildcards(part))
            continue
        value = request.variables.get(part)
        if not isinstance(value, str):
            return False
        pattern.append(re.escape(value))  # a client id of `*` is a client id, not a wildcard
    return re.fullmatch("".join(pattern), request.resource, re.DOTALL) is not None


@lru_cache(maxsize=4096)
def _wildcards(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in text)
