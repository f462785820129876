"""The IoT policies that Cordon makes for one incident: what is left to a quarantined thing, and what is denied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from cordon.actions.iot_policy import LONGEST_DOCUMENT
from cordon.errors import PlanUnworkable
from cordon.model.base import canonical_json
from cordon.model.text import quoted
from cordon.things.arns import IotArns

_OURS = re.compile(r"cordon-(?:quarantine|deny)-inc-\d{8}-[0-9a-f]{10}")
_THING = "{thing}"
_PATTERNS = ("*", "?", "${")
"""What is a wildcard or a variable in a policy: nothing with one of these is ever written into one."""


def quarantine_policy_name(incident_id: str) -> str:
    """Return the name of the incident's quarantine policy."""
    return f"cordon-quarantine-{incident_id}"


def deny_policy_name(incident_id: str) -> str:
    """Return the name of the incident's policy that denies."""
    return f"cordon-deny-{incident_id}"


def is_ours(policy_name: str) -> bool:
    """Say whether some incident's policy is called so: it is that incident's to take away."""
    return _OURS.fullmatch(policy_name) is not None


def would_be_pattern(text: str) -> bool:
    """Say whether a policy would take the text for more than itself."""
    return any(sign in text for sign in _PATTERNS)


def quarantine_document(thing_name: str, client_ids: list[str], arns: IotArns) -> dict[str, Any]:
    """Return the policy under which the thing can be repaired and can do nothing else.

    Allow-only: an explicit deny beats every allow and IoT policies know no exceptions (AWS-FACTS 1.3). Literal names: a
    policy variable resolves only where the client id is the thing's name.
    """
    own = [f"$aws/things/{thing_name}/jobs/*", f"$aws/things/{thing_name}/shadow/*"]
    return _document(
        "Allow",
        {
            "iot:Connect": [arns.client(client_id) for client_id in client_ids],
            "iot:Publish": [arns.topic(topic) for topic in own],
            "iot:Receive": [arns.topic(topic) for topic in own],
            "iot:Subscribe": [arns.topic_filter(topic) for topic in own],
        },
    )


def deny_connect_document(client_ids: list[str], arns: IotArns) -> dict[str, Any]:
    """Return the policy that keeps these client ids from connecting, and says nothing of any other."""
    return _document("Deny", {"iot:Connect": [arns.client(client_id) for client_id in client_ids]})


def deny_topics_document(topics: Iterable[str], arns: IotArns) -> dict[str, Any]:
    """Return the policy that denies these topics, and says nothing of any other; `a/#` is `a` and all below it.

    Whoever subscribes to a wider filter, which this does not name, still receives nothing of what is denied.

    Raises:
        PlanUnworkable: a topic cannot be denied exactly; names it and says why.
    """
    named = [name for topic in topics for name in _names(topic)]
    return _document(
        "Deny",
        {
            "iot:Publish": [arns.topic(name) for name in named],
            "iot:Receive": [arns.topic(name) for name in named],
            "iot:Subscribe": [arns.topic_filter(name) for name in named],
        },
    )


def of_thing(topics: Iterable[str], thing_name: str) -> list[str]:
    """Return the topics of the response policy for one thing: `{thing}` stands for its name."""
    return list(dict.fromkeys(topic.replace(_THING, thing_name) for topic in topics))


def fitting(client_ids: list[str], document: Callable[[list[str]], dict[str, Any]]) -> list[str]:
    """Return the first of these client ids, as many as fit into the document that AWS takes.

    Whoever has a key may connect under any number of them: that must not make the plan unworkable.
    """
    fit = client_ids
    while len(fit) > 1 and len(canonical_json(document(fit))) > LONGEST_DOCUMENT:
        fit = fit[:-1]
    return fit


def trouble_with(topic: str) -> str | None:
    """Say why a topic cannot be denied exactly; None: it can.

    MQTT's `+` and `#` mean nothing in a policy, whose `*` is any run of characters, slashes too (AWS IoT developer
    guide, "Using wildcard characters in MQTT and AWS IoT Core policies"): one level, as `+` means, cannot be written.
    """
    levels = topic.replace(_THING, "thing").split("/")
    if would_be_pattern(topic):
        return "it has a character that is a wildcard in policies"
    if not topic or any("{" in level or "}" in level for level in levels):
        return "it is no topic"
    if any("+" in level for level in levels):
        return "no policy can name a single level; list each topic"
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and (levels[-1] != "#" or len(levels) == 1)):
        return "# may only be its last level, below others"
    return None


def _names(topic: str) -> list[str]:
    """Return what names the topic, or everything that its filter names, in a policy."""
    if trouble := trouble_with(topic):
        raise PlanUnworkable(f"topic {quoted(topic)} cannot be denied: {trouble}")
    above = topic.removesuffix("/#")
    return [topic] if above == topic else [above, f"{above}/*"]


def _document(effect: str, statements: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": effect, "Action": action, "Resource": resources} for action, resources in statements.items()
        ],
    }
