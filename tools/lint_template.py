"""Lint the template twice: as it is written, and as AWS gets it, after the SAM transform with the playbooks inside.

cfn-lint checks a state machine's definition (E3601) only where it stands inline, and the transform's own mistakes only
where it has run. So the template is transformed offline, each playbook is put back as an inline Definition, and the
result is linted too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

Template = dict[str, Any]  # a CloudFormation template has no narrower type


class NoManagedPolicies:
    """Stands in for the translator's look-up of managed policies by name, which would call IAM: ours go by ARN."""

    def load(self) -> dict[str, str]:
        """Return no policies: a name is then left as it stands."""
        return {}


def transformed(path: Path) -> Template:
    """Return the template at `path` as CloudFormation gets it, with each playbook as an inline Definition.

    Raises samtranslator's InvalidDocumentException where SAM refuses the template.
    """
    template = yaml_parse(path.read_text())
    playbooks = take_out_playbooks(template, path.parent)
    result: Template = transform(template, {}, NoManagedPolicies())
    for name, definition in playbooks.items():
        properties = result["Resources"][name]["Properties"]
        properties.pop("DefinitionS3Location", None)
        properties["Definition"] = definition
    return result


def take_out_playbooks(template: Template, folder: Path) -> dict[str, Any]:
    """Return the definition of each state machine by logical id; local paths in `template` become S3 addresses.

    The translator takes nothing but uploaded code and definitions: it never opens a file.
    """
    playbooks = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::StateMachine":
            playbooks[name] = yaml_parse((folder / properties["DefinitionUri"]).read_text())
            properties["DefinitionUri"] = "s3://bucket/playbook"
        elif resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = "s3://bucket/code"
    return playbooks


def lint(path: Path) -> int:
    """Run cfn-lint over the template at `path` and return its exit status, 0 when it found nothing."""
    return subprocess.run([Path(sys.executable).parent / "cfn-lint", "--", path], check=False).returncode


def main() -> int:
    """Lint the template named on the command line, both ways; return 1 if either way finds anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", type=Path)
    path = parser.parse_args().template
    with tempfile.TemporaryDirectory() as folder:
        after = Path(folder) / "transformed.json"
        after.write_text(json.dumps(transformed(path), indent=1))
        return int(any([lint(path), lint(after)]))


if __name__ == "__main__":
    sys.exit(main())
