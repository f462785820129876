"""That a built handler imports from what was built, and from nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.check_artefact import handlers, imports

HANDLER = "step.lambda_handler"


@pytest.mark.parametrize(
    ("module", "does_import"),
    [
        ("import json\ndef lambda_handler(event, context): ...", True),
        ("import boto3\ndef lambda_handler(event, context): ...", False),
        ("import os\nTABLE = os.environ['CORDON_TABLE']\ndef lambda_handler(event, context): ...", False),
        ("lambda_handler = None", False),
    ],
    ids=["self-contained", "needs a package that was not built", "reads its environment", "is no function"],
)
def test_a_handler_imports_from_its_folder_alone(tmp_path: Path, module: str, does_import: bool) -> None:
    """A package that only this machine has, or a setting read at import, is found before the deploy."""
    (tmp_path / "step.py").write_text(module)
    assert imports(tmp_path, [HANDLER], python=Path(sys.executable)) is does_import


def test_handlers_are_read_from_the_built_template(tmp_path: Path) -> None:
    """Each function counts, with what it has from Globals, beside its built folder."""
    (tmp_path / "template.yaml").write_text(
        """
        Globals: {Function: {Runtime: python3.13}}
        Resources:
          Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${AWS::StackName}"}}
          A: {Type: AWS::Serverless::Function, Properties: {CodeUri: A, Handler: a.lambda_handler}}
          B: {Type: AWS::Serverless::Function, Properties: {CodeUri: B, Handler: b.lambda_handler}}
        """
    )
    assert handlers(tmp_path) == {tmp_path / "A": ["a.lambda_handler"], tmp_path / "B": ["b.lambda_handler"]}
