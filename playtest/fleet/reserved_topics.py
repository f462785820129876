"""The topics that AWS IoT keeps for itself (`$aws/things/…`): who answers what a device publishes on them.

Whoever answers says so once per process, as everything does that is added to moto.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """What comes back to the client that published: the topic, which says accepted or rejected, and the message."""

    topic: str
    message: Message


Answer = Callable[[str, str, str, Message], Reply]
"""Called with account, Region, topic and message."""

News = Callable[[str, str, str], Message | None]
"""Called with account, Region and topic; None where there is none."""

_answers: dict[re.Pattern[str], Answer] = {}
_news: dict[re.Pattern[str], News] = {}


def serve(topics: re.Pattern[str], answer: Answer) -> None:
    """Let `answer` have what is published on these topics from now on."""
    _answers[topics] = answer


def announce(topics: re.Pattern[str], news: News) -> None:
    """Let `news` say what was last told on these topics."""
    _news[topics] = news


def reply_to(account: str, region: str, topic: str, message: Message) -> Reply | None:
    """Return the answer to a message; None for a topic that nobody answers."""
    answer = next((answer for topics, answer in _answers.items() if topics.fullmatch(topic)), None)
    return answer(account, region, topic, message) if answer else None


def news(account: str, region: str, topic: str) -> Message | None:
    """Return what was last told on a topic, None where nothing is new."""
    found = next((news for topics, news in _news.items() if topics.fullmatch(topic)), None)
    return found(account, region, topic) if found else None
