"""Import every handler of a built artefact, the way Lambda does: with Python 3.13 and nothing but what was built.

Neither the interpreter's own packages nor the environment is there to help, so a dependency that was forgotten, or a
handler that reads its settings at import, fails here and not in the account.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

LAMBDA_PYTHON = Path(".tools/python3.13/bin/python3.13")  # made by tools/sam-build
IMPORT_ALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function)), name
"""


def handlers(folder: Path) -> dict[Path, list[str]]:
    """Return the handlers of the template in the build folder, by the folder that sam built their function into."""
    template = yaml_parse((folder / "template.yaml").read_text())
    shared = template.get("Globals", {}).get("Function", {})
    found: dict[Path, list[str]] = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = shared | resource["Properties"]
            found.setdefault(folder / properties["CodeUri"], []).append(properties["Handler"])
    return found


def imports(folder: Path, names: list[str], python: Path = LAMBDA_PYTHON) -> bool:
    """Say whether the handlers import from the folder alone; Python's own traceback tells which did not."""
    # -I and -S: no environment variable, no working folder and no site-packages; the environment is empty as well.
    command = [str(python), "-I", "-S", "-B", "-c", IMPORT_ALL, str(folder), *names]
    return subprocess.run(command, env={}, check=False).returncode == 0


def main() -> int:
    """Import the handlers of the build folder named on the command line; return 1 if one fails or there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    built = handlers(parser.parse_args().folder)
    failed = [folder for folder, names in built.items() if not imports(folder, names)]
    count = sum(map(len, built.values()))
    print(f"{count} handlers in {len(built)} built folders: {'FAILED' if failed else 'all import under Python 3.13'}")
    return int(bool(failed) or count == 0)


if __name__ == "__main__":
    sys.exit(main())
