"""The mends of moto's ASL interpreter that our state machines need: parameters, paths, choices, clients, parsing."""

from __future__ import annotations

import copy
import functools
import re
import sys
import threading
from typing import Any

import botocore.session
import moto.stepfunctions.parser.models  # noqa: F401 - loads every module that `_replace_everywhere` must reach
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name import (
    failure_event,
    states_error_name,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client, json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

# A path with one of these may find many values; all others name exactly one.
_INDEFINITE = re.compile(r"\.\.|\*|\?|\[[^\]'\"]*[:,][^\]'\"]*\]")


@functools.cache
def install() -> None:
    """Mend the interpreter, once per process; takes a second the first time, it has 350 modules."""
    _normalise_parameters()
    _find_single_values()
    _name_missing_choices()
    _let_fail_pass_errors_on()
    _keep_clients()
    _parse_once()


def _normalise_parameters() -> None:
    """moto emptied the two methods that turn ASL's PascalCase into botocore's names; the conversion is still there."""
    service = state_task_service.StateTaskService

    @functools.cache
    def operation(service_name: str, action: str) -> Any:
        model = botocore.session.get_session().get_service_model(service_name)
        names = {state_task_service.camel_to_snake_case(name): name for name in model.operation_names}
        return model.operation_model(names[action])

    def model_of(self: Any, service_name: str | None, action: str | None) -> Any:
        return operation(self._get_boto_service_name(service_name), self._get_boto_service_action(action))

    def normalise_parameters(
        self: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
    ) -> None:
        if (shape := model_of(self, boto_service_name, service_action_name).input_shape) is not None:
            self._to_boto_request(parameters, shape)

    def normalise_response(
        self: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None
    ) -> None:
        if (shape := model_of(self, boto_service_name, service_action_name).output_shape) is not None:
            self._from_boto_response(response, shape)

    service._normalise_parameters = normalise_parameters
    service._normalise_response = normalise_response


def _find_single_values() -> None:
    """`$.a[0].b` is one value, not a list of one, or every Choice on it is wrong."""
    parse = functools.lru_cache(maxsize=4096)(json_path.parse)

    def extract_json(path: str, data: Any) -> Any:
        found = [match.value for match in parse(path).find(data)]
        if _INDEFINITE.search(path):
            return found
        if not found:
            raise json_path.NoSuchJsonPathError(json_path=path, data=data)
        return found[0]

    _replace_everywhere(json_path.extract_json, extract_json)


def _name_missing_choices() -> None:
    """A Choice without a match fails with States.NoChoiceMatched; moto says States.Runtime."""
    evaluate = StateChoice._eval_state

    def evaluate_choice(self: Any, env: Any) -> None:
        try:
            evaluate(self, env)
        except RuntimeError as error:
            if "No branching option" not in str(error):
                raise
            kind = StatesErrorNameType.StatesNoChoiceMatched
            cause = f"State '{self.name}' has no choice that matches and no Default"
            failed = api.ExecutionFailedEventDetails(error=kind.to_name(), cause=cause)
            raise failure_event.FailureEventException(
                failure_event.FailureEvent(
                    env=env,
                    error_name=states_error_name.StatesErrorName(typ=kind),
                    event_type=api.HistoryEventType.ExecutionFailed,
                    event_details=EventDetails(executionFailedEventDetails=failed),
                )
            ) from error

    StateChoice._eval_state = evaluate_choice


def _let_fail_pass_errors_on() -> None:
    """A Fail state may end with the error that it was handed, States.Timeout or the like; moto crashes on that."""
    state_fail.CustomErrorName = ErrorName


def _keep_clients() -> None:
    """One client for each Region and service instead of one for each task: 5 ms a task, not 16."""
    make, lock, kept = boto_client.boto_client_for, threading.Lock(), {}

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:  # noqa: ARG001 - moto's
        with lock:
            if (region, service) not in kept:
                kept[region, service] = make(region=region, service=service)
            return kept[region, service]

    _replace_everywhere(make, boto_client_for)


def _parse_once() -> None:
    """Parsing takes longer than running: parse a definition once per process and give each execution a copy."""
    parse = AmazonStateLanguageParser.parse

    @functools.lru_cache(maxsize=64)
    def parse_once(definition: str) -> tuple[Any, None]:
        return parse(definition)[0], None  # nobody asks for the syntax tree, and it is half a million objects

    AmazonStateLanguageParser.parse = staticmethod(parse_once)
    entrypoint = ExecutionWorker._get_evaluation_entrypoint
    ExecutionWorker._get_evaluation_entrypoint = lambda self: copy.deepcopy(entrypoint(self))


def _replace_everywhere(original: Any, replacement: Any) -> None:
    """Replace a function in every interpreter module that did `from … import` it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions"):
            for attribute in [key for key, value in vars(module).items() if value is original]:
                setattr(module, attribute, replacement)
