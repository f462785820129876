"""What the contract tests look at: the template as it is written, as AWS gets it, and the playbooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from playtest.local_aws.transform import read_template, transformed_json

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"

Json = dict[str, Any]  # CloudFormation, IAM and ASL are nested dicts that no narrower type describes


@pytest.fixture(scope="session")
def written() -> Json:
    """template.yaml as it is written, short forms such as !Ref spelled out."""
    return read_template(TEMPLATE)


@pytest.fixture(scope="session")
def deployed(written: Json) -> Json:
    """The template as CloudFormation gets it, after SAM's transform: the one that the local AWS deploys."""
    transformed: Json = json.loads(transformed_json(TEMPLATE, written, {}, "us-east-1"))
    return transformed


@pytest.fixture(scope="session")
def resources(deployed: Json) -> Json:
    """Every resource that CloudFormation gets, by logical id."""
    found: Json = deployed["Resources"]
    return found


@pytest.fixture(scope="session")
def of_type(resources: Json) -> Json:
    """The properties of every resource, by its type and logical id."""
    found: Json = {}
    for name, resource in resources.items():
        found.setdefault(resource["Type"], {})[name] = resource.get("Properties", {})
    return found


@pytest.fixture(scope="session")
def functions(of_type: Json) -> Json:
    """The properties of every Lambda function, by logical id."""
    found: Json = of_type["AWS::Lambda::Function"]
    return found


@pytest.fixture(scope="session")
def playbooks() -> dict[str, Json]:
    """Every Step Functions definition of playbooks/, by its verb_noun name."""
    files = sorted((ROOT / "playbooks").glob("*.asl.yaml"))
    return {path.name.removesuffix(".asl.yaml"): yaml.safe_load(path.read_text()) for path in files}
