"""The template as CloudFormation gets it: SAM's own transform, offline, with the real ASL put inline."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from samtranslator.translator.transform import transform as sam_transform
from samtranslator.yaml_helper import yaml_parse

from playtest.local_aws.environment import with_environment

ARTEFACT_BUCKET = "cordon-playtest-artefacts"
ARTEFACT_KEY = "functions.zip"

_SERVERLESS_FUNCTION = "AWS::Serverless::Function"
_SERVERLESS_STATE_MACHINE = "AWS::Serverless::StateMachine"


class _NoManagedPolicies:
    """SAM's loader of managed policies asks IAM for them all; names that SAM knows need no such call."""

    def load(self) -> dict[str, str]:
        return {}


_transformed: dict[tuple[Any, ...], str] = {}


def read_template(path: Path) -> dict[str, Any]:
    """Return the template at `path` as it is written, short forms such as !Ref expanded; OSError, yaml.YAMLError."""
    return copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml_parse(text)
    return template


def transformed_json(path: Path, template: Mapping[str, Any], parameters: Mapping[str, str], region: str) -> str:
    """Return the CloudFormation template that SAM makes of `template`, which was read from `path`, as JSON.

    Kept per process for the same files, parameters and Region, because SAM takes most of a second.
    Raises samtranslator's InvalidDocumentException where `sam deploy` would fail, too.
    """
    key = (str(path), region, tuple(sorted(parameters.items())), _ages(path, template))
    if key not in _transformed:
        _transformed[key] = json.dumps(_transform(template, path.parent, parameters, region))
    return _transformed[key]


def _transform(template: Mapping[str, Any], folder: Path, parameters: Mapping[str, str], region: str) -> dict[str, Any]:
    source: Any = copy.deepcopy(dict(template))
    for resource in source["Resources"].values():
        _inline(resource, folder)
    if "CodeUri" in source.get("Globals", {}).get("Function", {}):
        source["Globals"]["Function"]["CodeUri"] = f"s3://{ARTEFACT_BUCKET}/{ARTEFACT_KEY}"
    # SAM builds ARNs of its managed policies with the session's partition.
    with with_environment({"AWS_DEFAULT_REGION": region}):
        made: dict[str, Any] = sam_transform(source, dict(parameters), _NoManagedPolicies())
    return made


def _inline(resource: dict[str, Any], folder: Path) -> None:
    properties = resource.get("Properties", {})
    if resource["Type"] == _SERVERLESS_FUNCTION and "CodeUri" in properties:
        properties["CodeUri"] = f"s3://{ARTEFACT_BUCKET}/{ARTEFACT_KEY}"
    if resource["Type"] == _SERVERLESS_STATE_MACHINE and "DefinitionUri" in properties:
        definition = folder / properties.pop("DefinitionUri")
        properties["Definition"] = yaml.safe_load(definition.read_text(encoding="utf-8"))


def _ages(path: Path, template: Mapping[str, Any]) -> tuple[int, ...]:
    definitions = [
        path.parent / resource["Properties"]["DefinitionUri"]
        for resource in template["Resources"].values()
        if isinstance(resource.get("Properties", {}).get("DefinitionUri"), str)
    ]
    return tuple(file.stat().st_mtime_ns for file in (path, *definitions))
