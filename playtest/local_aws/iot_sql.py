"""AWS IoT's rule SQL, as far as the template uses it: anything else is an error, and not a guess.

`SELECT <value> AS <name>, … FROM '<topic filter>' [WHERE <value>]`. A value is a text, a whole number, a name of the
message, also one inside another (`a.b`), `topic()` or `topic(n)` (its n-th level, from 1), one of `FUNCTIONS`, or two
of them with `+` or `/` between; `*` is all of the message (AWS IoT developer guide, "AWS IoT SQL reference").
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Heard:
    """A message and the topic that it came on."""

    message: Message
    topic: str


Value = Callable[[Heard], Any]

_TOKEN = re.compile(r"\s*(?:('[^']*')|(\d+)|([A-Za-z_]\w*)|([(),+/.*]))")


class UnknownSql(NotImplementedError):
    """The statement has something that is not known here; says what."""


def _concat(*parts: Any) -> str:
    return "".join(map(str, parts))


def _startswith(text: Any, beginning: str) -> bool:
    return str(text).startswith(beginning)


def _regexp_matches(text: Any, pattern: str) -> bool:
    return re.search(pattern, str(text)) is not None


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "concat": _concat,
    "floor": math.floor,
    "regexp_matches": _regexp_matches,
    "startswith": _startswith,
}


@dataclass(frozen=True)
class Statement:
    """One rule: what it makes of a message, of which topics, and of which messages."""

    columns: tuple[tuple[str | None, Value], ...]
    """Each name and its value; the name None stands for `*`."""
    topic_filter: str
    where: Value | None

    def listens_to(self, topic: str) -> bool:
        """Say whether the topic filter takes in the topic; `+` is one level, and a `#` at its end all the rest."""
        levels = self.topic_filter.split("/")
        parts = [".*" if level == "#" else "[^/]*" if level == "+" else re.escape(level) for level in levels]
        return re.fullmatch("/".join(parts), topic, re.DOTALL) is not None

    def evaluate(self, message: Message, topic: str) -> dict[str, Any] | None:
        """Return the columns by name, without those that are undefined; None where the message is not wanted."""
        heard = Heard(message, topic)
        if self.where is not None and self.where(heard) is not True:
            return None
        found: dict[str, Any] = {}
        for name, value in self.columns:
            found |= dict(message) if name is None else {name: value(heard)}
        return {name: value for name, value in found.items() if value is not None}


@lru_cache(maxsize=64)
def parse(sql: str) -> Statement:
    """Return the statement; UnknownSql for what is not known here."""
    match = re.fullmatch(r"\s*SELECT\s+(.+?)\s+FROM\s+'([^']*)'(?:\s+WHERE\s+(.+?))?\s*", sql, re.DOTALL)
    if match is None:
        raise UnknownSql(f"the statement {sql!r}")
    tokens = _Tokens(match.group(1))
    columns = [_column(tokens)]
    while tokens.take(","):
        columns.append(_column(tokens))
    tokens.end()
    return Statement(tuple(columns), match.group(2), _condition(match.group(3)) if match.group(3) else None)


def _condition(text: str) -> Value:
    tokens = _Tokens(text)
    value = _value(tokens)
    tokens.end()
    return value


class _Tokens:
    """The tokens of an expression, taken one after another."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position, text = 0, text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise UnknownSql(f"{text[position:]!r}")
            self._tokens.append(match.group().strip())
            position = match.end()

    def take(self, wanted: str) -> bool:
        """Take the next token if it is `wanted`, and say whether it was."""
        if self._tokens and self._tokens[0].lower() == wanted.lower():
            del self._tokens[0]
            return True
        return False

    def next(self) -> str:
        """Take the next token, whatever it is."""
        if not self._tokens:
            raise UnknownSql("an expression that ends too early")
        return self._tokens.pop(0)

    def end(self) -> None:
        """Raise UnknownSql unless all is taken."""
        if self._tokens:
            raise UnknownSql(" ".join(self._tokens))


def _column(tokens: _Tokens) -> tuple[str | None, Value]:
    if tokens.take("*"):
        return None, lambda heard: heard.message
    value = _value(tokens)
    if not tokens.take("AS"):
        raise UnknownSql("a column without AS")
    return tokens.next(), value


def _value(tokens: _Tokens) -> Value:
    left = _term(tokens)
    while tokens.take("+"):
        left = _sum(left, _term(tokens))
    return left


def _term(tokens: _Tokens) -> Value:
    left = _single(tokens)
    while tokens.take("/"):
        left = _quotient(left, _single(tokens))
    return left


def _single(tokens: _Tokens) -> Value:
    token = tokens.next()
    if token.startswith("'"):
        return lambda _: token[1:-1]
    if token.isdigit():
        return lambda _: int(token)
    if not token.isidentifier():
        raise UnknownSql(token)
    if tokens.take("("):
        return _topic(tokens) if token.lower() == "topic" else _call(token, tokens)
    path = [token]
    while tokens.take("."):
        path.append(tokens.next())
    return lambda heard: _inside(heard.message, path)


def _inside(message: Any, path: list[str]) -> Any:
    for name in path:
        message = message.get(name) if isinstance(message, Mapping) else None
    return message


def _topic(tokens: _Tokens) -> Value:
    if tokens.take(")"):
        return lambda heard: heard.topic
    number = tokens.next()
    if not number.isdigit() or number == "0" or not tokens.take(")"):
        raise UnknownSql(f"topic({number}")
    return lambda heard: dict(enumerate(heard.topic.split("/"), start=1)).get(int(number))


def _call(name: str, tokens: _Tokens) -> Value:
    if name.lower() not in FUNCTIONS:
        raise UnknownSql(f"the function {name}")
    function, arguments = FUNCTIONS[name.lower()], [_value(tokens)]
    while tokens.take(","):
        arguments.append(_value(tokens))
    if not tokens.take(")"):
        raise UnknownSql(f"the arguments of {name}")

    def call(heard: Heard) -> Any:
        found = [argument(heard) for argument in arguments]
        return None if None in found else function(*found)  # of what is undefined, undefined comes

    return call


def _sum(left: Value, right: Value) -> Value:
    return lambda heard: left(heard) + right(heard)


def _quotient(left: Value, right: Value) -> Value:
    return lambda heard: left(heard) / right(heard)
