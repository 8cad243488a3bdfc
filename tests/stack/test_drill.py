"""`make drill` in its short form."""

import os
import re
import sys
from pathlib import Path

import pytest

from stack import drill
from tests.help.commands import run

SHORT_S = 4


@pytest.mark.slow
@pytest.mark.needs("nginx", "litestream")
def test_the_drill_brings_a_lost_ledger_back() -> None:
    """The drill restores a lost ledger, except its newest transactions.

    This machine is shared with other tests, so the number of lost transactions is not asserted
    here.
    """
    # Not into the replica that this checkout's .env may name.
    env = {"RINHA_REPLICA": ""}
    done = run(sys.executable, "-m", "stack.drill", str(SHORT_S), env=env)
    assert done.code in (0, drill.EXIT_BAD), done.text
    assert "every promise holds" in done.out
    assert "must never be" not in done.out
    found = re.search(r"4\. (\d+) of (\d+) transactions came back", done.out)
    assert found
    came, was = map(int, found.groups())
    assert drill.RATE < came <= was


def test_it_tests_the_replica_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replica's place and its keys come from `.env`, and the environment wins."""
    for name in ("RINHA_REPLICA", "AWS_ACCESS_KEY_ID", "PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    file = tmp_path / ".env"
    file.write_text("RINHA_REPLICA=s3://bucket/rinha\nAWS_ACCESS_KEY_ID=key\nPORT=8888\n")
    drill.read_dotenv(file)
    assert drill.place_of(tmp_path).startswith("s3://bucket/rinha/drill-")
    assert (os.environ["AWS_ACCESS_KEY_ID"], os.environ.get("PORT")) == ("key", None)
    monkeypatch.setenv("RINHA_REPLICA", "")
    drill.read_dotenv(file)
    assert drill.place_of(tmp_path).startswith(f"file://{tmp_path}/copy/")


@pytest.mark.parametrize(
    ("came", "verdict"),
    [
        ([(1, 1), (1, 2), (2, 1)], 0),
        ([(1, 1), (2, 1)], 0),
        ([], drill.EXIT_BAD),
        ([(1, 2), (2, 1)], drill.EXIT_BAD),
        ([(1, 1), (1, 2), (2, 1), (2, 2)], drill.EXIT_BAD),
    ],
)
def test_its_comparison_sees_gaps(came: list[tuple[int, int]], verdict: int) -> None:
    """A beginning of each history passes; a gap, an extra row and too old a loss do not."""
    ages_s = {(1, 1): 9.0, (1, 2): 0.5, (2, 1): 9.0, (2, 2): 0.1}
    now_s = 1000.0

    def row(key: tuple[int, int]) -> tuple[int, ...]:
        return (*key, 1, 0, 0, int((now_s - ages_s[key]) * 1e6))

    was = [row(key) for key in ((1, 1), (1, 2), (2, 1))]
    assert drill.compare(was, [row(key) for key in came], now_s) == verdict
