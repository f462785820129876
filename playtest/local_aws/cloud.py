"""The local AWS: the real template deployed into moto, the real handlers run in this process."""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cordon import clients, settings
from cordon import clock as cordon_clock
from cordon.model.response_policy import ResponsePolicy
from cordon.steps import step
from moto import mock_aws

from playtest.fleet import DemoFleet
from playtest.fleet.demo_software import firmware_bucket
from playtest.local_aws import (
    acting_devices,
    event_bridge,
    function_urls,
    handler_output,
    iot_jobs_store,
    lambda_bridge,
    mended_moto,
    queues,
    runtime,
    sessions,
)
from playtest.local_aws.background import SETTLE_SECONDS, Background, Crashed, NotSettled
from playtest.local_aws.calls import CallLog
from playtest.local_aws.clock import VirtualClock
from playtest.local_aws.deployment import Stack, deploy, known_of
from playtest.local_aws.environment import with_environment
from playtest.local_aws.executions import ExecutionRecord, Executions
from playtest.local_aws.faults import Faults
from playtest.local_aws.iam import Permissions
from playtest.local_aws.lambda_bridge import Invocation
from playtest.local_aws.network import NetworkGuard
from playtest.local_aws.play_event import OnEvent
from playtest.local_aws.runtime import Runtime
from playtest.local_aws.task_tokens import TaskTokens

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
WIND_DOWN_SECONDS = 10.0
_MOTO_CONFIG: Any = {"stepfunctions": {"execute_state_machine": True}, "core": {"reset_boto3_session": False}}


class MissingApi(Exception):
    """Something asked for an AWS API that neither moto nor the local AWS has; names the calls."""


class LocalAws:
    """A local AWS with the stack of `template` in it, from `with` to its end; one at a time per process.

    Raises whatever the deployment refuses: see `deployment.deploy`.
    """

    def __init__(  # noqa: PLR0913 - each is what one kind of test wants otherwise
        self,
        *,
        parameters: Mapping[str, str] | None = None,
        template: Path = TEMPLATE,
        region: str = "eu-west-1",
        faults: Faults | None = None,
        on_event: OnEvent | None = None,
        with_fleet: bool = True,
        policy: ResponsePolicy | None = None,
    ) -> None:
        """Say what to deploy and where; nothing starts before `with`, and `stack` and `fleet` are not there before.

        `on_event` is called on many threads. `policy` is put in force before anything happens; None: there is none.
        """
        self.clock = VirtualClock()
        self.faults = faults or Faults()
        self.calls = CallLog()
        self.stack: Stack
        self.fleet: DemoFleet
        self._parameters = dict(parameters or {})
        self._template = template
        self._with_fleet = with_fleet
        self._policy = policy
        self.region = region
        background = Background()
        self._runtime = Runtime(
            region,
            self.clock,
            self.faults,
            background,
            self.calls,
            Executions(),
            TaskTokens(background, self.clock),
            on_event=on_event,
        )
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Start moto, deploy, start the pollers and put the demo fleet in."""
        with contextlib.ExitStack() as opening:
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything and put back what was changed in this process: environment, clock, stdout, sockets."""
        self._open.close()

    def _start(self, opening: contextlib.ExitStack) -> None:
        mended_moto.install()
        runtime.start(self._runtime)
        opening.callback(runtime.stop)
        opening.callback(_forget)
        opening.enter_context(with_environment({**_region_names(self.region), **_QUIET}))
        opening.enter_context(mock_aws(config=_MOTO_CONFIG))
        opening.enter_context(sessions.as_default())
        guard = NetworkGuard()
        guard.start()
        opening.callback(guard.stop)
        handler_output.start()
        opening.callback(handler_output.stop)
        plant = {"FirmwareBucketName": firmware_bucket(runtime.ACCOUNT, self.region)} if self._with_fleet else {}
        self.stack = deploy(self._template, {**known_of(self._template, plant), **self._parameters}, self.region)
        self._know_the_stack(opening)
        if self._policy is not None:
            self.put_in_force(self._policy)
        self._start_pollers(opening)
        opening.callback(self._wind_down)
        self.clock.subscribe(lambda *_: iot_jobs_store.pass_time(runtime.ACCOUNT, self.region))
        if self._with_fleet:
            self.fleet = DemoFleet(self)
            self._attach_deny_policy()
            listens = "AlarmTopic" in self.stack.physical_ids
            acting_devices.let_act(self._runtime, self.fleet.broker, self.publish_alarm if listens else None)
        opening.enter_context(_rare_collections())

    def _attach_deny_policy(self) -> None:
        if policy := self.stack.physical_ids.get("StsDenyPolicy"):
            self.fleet.carry(policy)

    def _know_the_stack(self, opening: contextlib.ExitStack) -> None:
        for kind in ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"):
            names = {physical: logical for logical, physical in self.stack.of_type(kind).items()}
            self._runtime.logical_ids.update(names)
        self._runtime.permissions = Permissions(self.stack, self.region)
        opening.enter_context(with_environment(lambda_bridge.shared_environment(self.region)))
        _use_clock(self.clock)
        opening.callback(_use_clock, None)
        _forget()

    def _start_pollers(self, opening: contextlib.ExitStack) -> None:
        for mapping in queues.start_mappings(self._runtime):
            opening.callback(mapping.stop)

    def _wind_down(self) -> None:
        """Let no thread outlive moto: what it would call next would be the real AWS."""
        self._runtime.executions.abandon()
        self._runtime.background.end()
        with contextlib.suppress(NotSettled, Crashed):
            self._runtime.background.settle(WIND_DOWN_SECONDS)

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service` (botocore's name) that acts for nobody in the stack."""
        return sessions.client(service, self.region)

    @property
    def invocations(self) -> list[Invocation]:
        """Return every run of a handler so far: event, result or error, and what it logged."""
        return list(self._runtime.invocations)

    @property
    def undelivered(self) -> list[str]:
        """Return what EventBridge, SNS and asynchronous invocations could not deliver, with the reason."""
        return list(self._runtime.undelivered)

    def publish_alarm(self, message: str) -> str:
        """Publish `message` on AlarmTopic, as Device Defender does; returns its MessageId."""
        answer = self.client("sns").publish(TopicArn=self.stack.resource("AlarmTopic"), Message=message)
        return str(answer["MessageId"])

    def put_event(self, event: Mapping[str, Any]) -> str | None:
        """Put a raw event on the default bus, as an AWS service does; returns its id if any rule of it matched."""
        event_id, matched = event_bridge.put(event)
        return event_id if matched else None

    def put_in_force(self, policy: ResponsePolicy) -> None:
        """Put a response policy in force, as a push that people have agreed on, and page nobody; it counts at once."""
        policies = step.policies()
        for person in ("first", "second"):  # one that loosens anything takes two
            by = f"arn:aws:iam::123456789012:user/{person}"
            policies.push(policy, by=by, base=policies.in_force().hash, tell=_page_nobody)

    def invoke(self, function_logical_id: str, event: Any) -> Invocation:
        """Invoke a function synchronously and return how it went; its error does not raise here."""
        return lambda_bridge.run(lambda_bridge.function(self.stack.resource(function_logical_id)), event)

    def invoke_async(self, function_logical_id: str, event: Any) -> None:
        """Invoke a function as a service does that does not wait: retried, then its failure destination."""
        lambda_bridge.run_async(lambda_bridge.function(self.stack.resource(function_logical_id)), event)

    def at_once(self) -> AbstractContextManager[None]:
        """Return a context in which no time passes but the real one: what is done in it happens at once."""
        return self._runtime.background.under_way("what happens at once")

    def ask_desk(self, user_arn: str | None, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the desk as whoever has `user_arn` (None: unsigned), and return HTTP status and JSON.

        `body` is JSON; bytes and text are sent as they are.
        """
        return function_urls.ask(
            self.stack.resource("DeskFunction"),
            self.stack.output("DeskUrl"),
            function_urls.Request(method, path, body=function_urls.sent(body)),
            function_urls.person(user_arn) if user_arn else None,
        )

    def serve_urls(self) -> contextlib.AbstractContextManager[str]:
        """Serve the desk on this machine, for requests that a real client signs; gives its address."""
        return function_urls.serve(self.stack.resource("DeskFunction"), self.stack.output("DeskUrl"), self.region)

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Return when the mapped queues are drained, asynchronous invocations done and no execution runs.

        Raises MissingApi when anything needed an API that is not there: a Catch must not hide that.
        """
        self._runtime.background.settle(seconds)
        if missing := self._runtime.not_implemented:
            told, missing[:] = "; ".join(missing), []
            raise MissingApi(told)

    def executions(self) -> list[ExecutionRecord]:
        """Return all executions in the order in which they started."""
        return self._runtime.executions.records()

    def start_execution(self, state_machine_logical_id: str, execution_input: Any, name: str | None = None) -> str:
        """Start a state machine as a person does from the console; returns the execution's ARN."""
        named = {"name": name} if name else {}
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.stack.resource(state_machine_logical_id), input=json.dumps(execution_input), **named
        )
        return str(answer["executionArn"])

    def abort(self, execution_arn: str, error: str = "PlaytestAborted", cause: str = "aborted by the playtest") -> None:
        """Stop an execution as StopExecution does; it ends when its running task has answered."""
        self.client("stepfunctions").stop_execution(executionArn=execution_arn, error=error, cause=cause)

    def time_out(self, execution_arn: str) -> None:
        """Let an execution run out of its TimeoutSeconds; KeyError when there is no such execution."""
        self._runtime.executions.find(execution_arn).exec_worker.env.set_timed_out()


_QUIET = {"POWERTOOLS_TRACE_DISABLED": "true", "AWS_EC2_METADATA_DISABLED": "true"}
"""No X-Ray daemon listens here, and nothing may ask for credentials over the network."""


def _region_names(region: str) -> dict[str, str]:
    return {"AWS_DEFAULT_REGION": region, "AWS_REGION": region}


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector run less often, and not over what is there: it took a fifth of a run's time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _use_clock(clock: VirtualClock | None) -> None:
    cordon_clock.use(*((clock.now, clock.advance) if clock else (None, None)))


def _page_nobody(*_: str) -> None:
    """A policy that a scenario begins with is no news."""


def _forget() -> None:
    """Cordon keeps its clients and settings for the life of a runtime: another local AWS is another runtime."""
    clients.reset()
    settings.reset()
    step.policies.cache_clear()
