"""`make drill` in its short form."""

import re
import sys

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
    done = run(sys.executable, "-m", "stack.drill", str(SHORT_S))
    assert done.code in (0, drill.EXIT_BAD), done.text
    assert "every promise holds" in done.out
    assert "must never be" not in done.out
    found = re.search(r"4\. (\d+) of (\d+) transactions came back", done.out)
    assert found
    came, was = map(int, found.groups())
    assert drill.RATE < came <= was


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
