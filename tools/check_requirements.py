"""Check that functions/requirements.txt says what uv.lock says, and that every wheel it names exists for arm64.

`sam build` reads requirements.txt, the tests run from uv.lock: a difference would ship what was never tested. The
wheels are resolved for Lambda's python3.13 on aarch64 with nothing installed, since an arm64 artefact does not import
on x86.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path("functions/requirements.txt")
HEADER = "# Exported from uv.lock by `make lock`: what the functions import, and what that needs. Do not edit.\n"
# AWS Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34; the wheels that exist are of 2.28 and older.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
LAMBDA_ARM64 = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13"]


def exported(uv: str) -> str:
    """Return the requirements that `uv.lock` gives the functions, with hashes; raises CalledProcessError."""
    options = ["--frozen", "--quiet", "--no-default-groups", "--no-emit-project", "--no-header", "--no-annotate"]
    return HEADER + subprocess.run([uv, "export", *options], check=True, capture_output=True, text=True).stdout


def in_sync(uv: str) -> bool:
    """Say whether the requirements are those of the lock, and tell the reader what to do where they are not."""
    same = REQUIREMENTS.is_file() and REQUIREMENTS.read_text() == exported(uv)
    print(f"{REQUIREMENTS}: {'in step with uv.lock' if same else 'not what uv.lock says: run `make lock`'}")
    return same


def resolves_on_arm64(uv: str) -> bool:
    """Say whether every requirement has a wheel, of the locked hash, for Lambda on arm64; downloads no wheel."""
    with tempfile.TemporaryDirectory() as target:
        options = ["--dry-run", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", *LAMBDA_ARM64]
        command = [uv, "pip", "install", *options, "--target", target, "--requirement", str(REQUIREMENTS)]
        found = subprocess.run(command, check=False).returncode == 0
    print(f"arm64 wheels for Lambda: {'all resolve' if found else 'not all to be had'}")
    return found


def main() -> int:
    """Check both, or write the requirements with `--write`; return 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uv", default="uv", help="the uv to run")
    parser.add_argument("--write", action="store_true", help="write the requirements before checking them")
    arguments = parser.parse_args()
    if arguments.write:
        REQUIREMENTS.write_text(exported(arguments.uv))
    return int(not all([in_sync(arguments.uv), resolves_on_arm64(arguments.uv)]))


if __name__ == "__main__":
    sys.exit(main())
