"""Lint the template twice: as it is written, and as AWS gets it, after the SAM transform with the playbooks inside.

cfn-lint checks a state machine's definition (E3601) only where it stands inline as an object, and the transform's own
mistakes only where it has run. So the transform that the playtest deploys with is linted as well.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playtest.local_aws.transform import read_template, transformed_json

Template = dict[str, Any]  # a CloudFormation template has no narrower type


def transformed(path: Path, region: str = "us-east-1") -> Template:
    """Return the template at `path` as CloudFormation gets it, with each playbook as an object, which cfn-lint reads.

    Raises samtranslator's InvalidDocumentException where SAM refuses the template.
    """
    template: Template = json.loads(transformed_json(path, read_template(path), {}, region))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            properties = resource["Properties"]
            separator, lines = properties.pop("DefinitionString")["Fn::Join"]  # how SAM writes an inline definition
            properties["Definition"] = json.loads(separator.join(lines))
    return template


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
