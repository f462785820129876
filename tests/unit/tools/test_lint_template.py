"""The template as cfn-lint gets to see it."""

from __future__ import annotations

from pathlib import Path

from tools.lint_template import transformed

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Step:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: step.lambda_handler, CodeUri: functions/}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.yaml
      DefinitionSubstitutions: {Step: !GetAtt Step.Arn}
"""
PLAYBOOK = "{StartAt: Done, States: {Done: {Type: Succeed}}}"


def test_the_transformed_template_holds_its_playbooks(tmp_path: Path) -> None:
    """The definition stands inline, where cfn-lint reads it, and its substitutions are kept."""
    (tmp_path / "machine.asl.yaml").write_text(PLAYBOOK)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    machine = transformed(tmp_path / "template.yaml")["Resources"]["Machine"]
    assert machine["Type"] == "AWS::StepFunctions::StateMachine"
    assert machine["Properties"]["Definition"] == {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    assert machine["Properties"]["DefinitionSubstitutions"] == {"Step": {"Fn::GetAtt": ["Step", "Arn"]}}
    assert "DefinitionString" not in machine["Properties"]
