"""The descriptions of the APIs are true: Schemathesis tries to prove otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.help.running import ROOT, Stack

# A quick look each time; SCHEMATHESIS_EXAMPLES=1250 makes 5,000 cases and more of it.
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "40")


@pytest.mark.parametrize(
    ("edition", "description"),
    [("stack", "openapi.yaml"), ("people_stack", "openapi-pessoas.yaml")],
)
def test_the_service_keeps_what_its_description_says(
    edition: str, description: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """No 5xx, no undocumented status, no answer that breaks its schema, whatever is sent."""
    stack: Stack = request.getfixturevalue(edition)
    stack.reset()
    words = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "docs" / description)),
        *("--url", f"http://127.0.0.1:{stack.port}"),
        *("--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing"),
        *("--exclude-checks", "positive_data_acceptance", "--no-color"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Test cases" in done.stdout
