"""The descriptions of the APIs are true: Schemathesis tries to prove otherwise."""

import os
import subprocess
import sys
from pathlib import Path

from tests.help.running import ROOT, Stack

# A quick look each time; SCHEMATHESIS_EXAMPLES=1250 makes 5,000 cases and more of it.
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
    """No 5xx, no undocumented status, no answer that breaks its schema, whatever is sent."""
    assert_kept(stack, "openapi.yaml", tmp_path)


def test_people_keep_what_their_description_says(people_stack: Stack, tmp_path: Path) -> None:
    """The same for the edition of 2023/Q3."""
    assert_kept(people_stack, "openapi-pessoas.yaml", tmp_path)
