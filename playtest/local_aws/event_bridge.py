"""EventBridge delivers: to functions, state machines, topics, queues and buses, and to a DLQ what it cannot.

moto delivers to queues only. Delivery here is what AWS does: PutEvents never fails for a target, a target's own
failures (a function that raises) are not EventBridge's, and a refused delivery goes to the target's DeadLetterConfig.
"""

from __future__ import annotations

import functools
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jsonpath_ng.ext import parse
from moto.events.models import Rule, events_backends

from playtest.local_aws import runtime
from playtest.local_aws.clock import iso
from playtest.local_aws.deliveries import deliver

_VARIABLE = re.compile(r"<([\w.\-]+)>")
_parse = functools.lru_cache(maxsize=256)(parse)


def put(event: Mapping[str, Any], bus: str = "default") -> tuple[str, list[str]]:
    """Put `event`, with the top-level members of a real one, on `bus` as an AWS service would.

    Members that are missing (id, time, account, region, resources, version) are filled in. Returns the event's id and
    the names of the rules that matched. KeyError when the bus does not exist.
    """
    full = _completed(event)
    matched = [rule for rule in _rules(bus) if rule.state == "ENABLED" and rule.event_pattern.matches_event(full)]
    for rule in matched:
        rule.send_to_targets(full)
    return full["id"], [rule.name for rule in matched]


def _completed(event: Mapping[str, Any]) -> dict[str, Any]:
    running = runtime.current()
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "account": runtime.ACCOUNT,
        "region": running.region,
        "time": iso(running.clock.now()).partition(".")[0] + "Z",
        "resources": [],
        **event,
    }


def _rules(bus: str) -> list[Any]:
    backend = events_backends[runtime.ACCOUNT][runtime.current().region]
    return [rule for rule in backend.event_buses[bus].rules.values() if not rule.scheduled_expression]


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], rule: Any) -> str:
    """Return what `target` gets of `event`: Input, InputPath, InputTransformer or the whole event, as JSON text."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(target["InputPath"], event))
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule)
    return json.dumps(event)


def _at(path: str, event: Mapping[str, Any]) -> Any:
    found = _parse(path).find(event)
    return found[0].value if found else None


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], rule: Any) -> str:
    values = {name: _at(path, event) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.event.json": event,
        "aws.events.event": event,
        "aws.events.rule-name": rule.name,
        "aws.events.rule-arn": rule.arn,
        "aws.events.event.ingestion-time": event["time"],
    }
    template = transformer["InputTemplate"]

    def value_of(match: re.Match[str]) -> str:
        if match.group(1) not in values:
            return match.group(0)
        quoted = len(re.findall(r'(?<!\\)"', template[: match.start()])) % 2 == 1
        return _filled_in(values[match.group(1)], quoted=quoted)

    return _VARIABLE.sub(value_of, template)


def _filled_in(value: Any, *, quoted: bool) -> str:
    """A variable within quotes is put in raw, one outside them as JSON."""
    text = json.dumps(value)
    if not quoted:
        return text
    return text[1:-1] if isinstance(value, str) else json.dumps(text)[1:-1]


def _send_to_targets(rule: Any, original_event: Any, *_: Any) -> None:
    event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
    if not isinstance(event["time"], str):
        event["time"] = datetime.fromtimestamp(float(event["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if rule.state != "ENABLED" or rule.scheduled_expression or not rule.event_pattern.matches_event(event):
        return
    for target in rule.targets:
        _deliver_or_bury(rule, target, event)


def _deliver_or_bury(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    try:
        body = target_input(target, event, rule)
        deliver(target["Arn"], body, name=f"{event['id']}_{uuid.uuid4()}", source=rule.arn)
    except NotImplementedError as error:
        runtime.current().not_implemented.append(str(error))
    except Exception as error:  # noqa: BLE001 - whatever a target answers, PutEvents has succeeded
        runtime.current().undelivered.append(f"{rule.name} to {target['Arn']}: {error!r}")
        bury(target.get("DeadLetterConfig", {}).get("Arn"), json.dumps(event), rule.arn)


def bury(dead_letters: str | None, body: str, source: str) -> None:
    """Put `body` into the queue `dead_letters` (an ARN) for the rule `source`; a queue that refuses loses it, too."""
    if dead_letters is None:
        return
    try:
        deliver(dead_letters, body, source=source)
    except Exception as error:  # noqa: BLE001 - as on AWS, nobody is left to tell but the reader of `undelivered`
        runtime.current().undelivered.append(f"{source} to its dead letters {dead_letters}: {error!r}")


@functools.cache
def install() -> None:
    """Let moto's rules deliver with this module, once per process."""
    Rule.send_to_targets = _send_to_targets
