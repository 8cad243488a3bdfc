"""Schemathesis tests both editions against their OpenAPI descriptions."""

import os
import subprocess
import sys
from pathlib import Path

from tests.help.running import ROOT, Stack

# Few examples by default; SCHEMATHESIS_EXAMPLES=1250 makes more than 5,000 cases.
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "40")
SETTINGS = Path(__file__).with_name("schemathesis.toml")


def assert_kept(stack: Stack, description: str, folder: Path) -> None:
    stack.reset()
    words = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(SETTINGS)),
        *("run", str(ROOT / "docs" / description)),
        *("--url", f"http://127.0.0.1:{stack.port}"),
        *("--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing"),
        *("--exclude-checks", "positive_data_acceptance", "--no-color"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Test cases" in done.stdout


def test_the_ledger_keeps_what_its_description_says(stack: Stack, tmp_path: Path) -> None:
    """crebitos sends no 5xx, no undocumented status and no answer that breaks its schema."""
    assert_kept(stack, "openapi.yaml", tmp_path)


def test_people_keep_what_their_description_says(people_stack: Stack, tmp_path: Path) -> None:
    """pessoas sends no 5xx, no undocumented status and no answer that breaks its schema."""
    assert_kept(people_stack, "openapi-pessoas.yaml", tmp_path)
