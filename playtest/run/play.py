"""Play a scenario from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cordon.steps import step

from playtest.cost import cost_of
from playtest.fleet import Snapshot, diff
from playtest.local_aws import Call, Invocation, LocalAws, PlayEvent
from playtest.result import FleetChange, Page, PolicyResult, Result
from playtest.run.alarm_results import alarm_results, refusals
from playtest.run.asked_device import switch_on
from playtest.run.delivery import Delivery, deliver
from playtest.run.demo_people import answer_requests
from playtest.run.incident_results import incident_result
from playtest.run.queues import dead_letters, rejections
from playtest.run.raw_alarm import Message
from playtest.run.record import Record
from playtest.run.scenario import Scenario
from playtest.run.usage import usage_of


@dataclass(frozen=True)
class Played:
    """A scenario that was played: its result, and what a view or a test may want to know besides."""

    result: Result
    before: Snapshot
    after: Snapshot
    calls: tuple[Call, ...]
    invocations: tuple[Invocation, ...]


def play(
    scenario: Scenario,
    *,
    on_event: Callable[[PlayEvent], None] | None = None,
    on_up: Callable[[LocalAws], None] | None = None,
    on_down: Callable[[], None] | None = None,
) -> Played:
    """Deploy the template, put the alarms in one after the other, and read from the record what became of them.

    People answer once all alarms are in: whatever comes while a request waits is part of what they are asked.

    `on_event` is called on many threads while it runs, `on_up` once the local AWS stands and before the first alarm,
    `on_down` when everything has happened and the local AWS ends.

    Raises:
        Exception: the local AWS itself failed (an API that it lacks, a deployment that it refuses); nothing is known.
    """
    with LocalAws(policy=scenario.policy, on_event=on_event) as aws:
        for thing in scenario.things:
            aws.fleet.add_thing(thing.name, thing.attributes)
        for fault in scenario.faults:
            fault.switch_on(aws)
        switch_on(scenario.devices, aws)
        before = aws.fleet.snapshot()
        if on_up:
            on_up(aws)
        delivered: list[Delivery] = []
        for alarm in scenario.alarms:
            delivered += deliver(aws, alarm, scenario.repeat)
            aws.settle()
        if scenario.answer:
            answer_requests(aws, scenario.answer)
        after = aws.fleet.snapshot()
        if on_down:
            on_down()
        result = _read(aws, delivered, before, after)
        return Played(result, before, after, tuple(aws.calls), tuple(aws.invocations))


def _read(aws: LocalAws, delivered: list[Delivery], before: Snapshot, after: Snapshot) -> Result:
    record = Record(aws)
    published = sum(isinstance(one.post, Message) and one.refusal is None for one in delivered)
    return Result(
        alarms=[alarm for one in delivered for alarm in alarm_results(one, record)],
        incidents=[incident_result(incident, record) for incident in record.incidents()],
        fleet_diff=[
            FleetChange(resource=found.resource, field=found.field, before=found.before, after=found.after)
            for found in diff(before, after)
        ],
        rejected=[*rejections(aws), *refusals(delivered)],
        dead_letters=dead_letters(aws),
        pages=_pages(aws),
        cost=cost_of(usage_of(aws, published)),
        policy=_policy(),
    )


def _policy() -> PolicyResult:
    """Return the policy as a function would find it now; after the cost, since to look costs."""
    found = step.policies().in_force()
    says = found.policy.model_dump(mode="json") if found.policy else None
    return PolicyResult(version=found.version, hash=found.hash, trouble=found.trouble, says=says)


def _pages(aws: LocalAws) -> list[Page]:
    topic = aws.stack.resource("PageTopic")
    return [
        Page(subject=str(call.params.get("Subject", "")), message=str(call.params["Message"]))
        for call in aws.calls.of(service="sns", operation="Publish")
        if call.params.get("TopicArn") == topic and call.error is None
    ]
