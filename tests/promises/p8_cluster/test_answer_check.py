"""The check of all answers in the failover tests finds each kind of wrong answer."""

from collections.abc import Sequence

import pytest

from tests.help.answer_check import Answered, contradictions

LIVRO = [(1, "a", -60_000), (1, "b", -90_000), (1, "c", -20_000)]
TRUE = [
    Answered(1, 0.0, 1.0, 200, "a", -60_000, -60_000),
    Answered(1, 1.1, 2.0, 200, "b", -30_000, -90_000),
    Answered(1, 2.1, 2.2, 422, "r", -10_001),
    Answered(1, 2.3, 2.4, 200, saldo=-90_000, names=("b", "a")),
    Answered(1, 2.5, 9.0, 503, "c", 70_000),
    Answered(1, 2.5, 3.0, 503, "d", 70_000),
    Answered(1, 4.0, 5.0, 200, saldo=-20_000, names=("c", "b", "a")),
]


def test_the_truth_is_no_lie() -> None:
    """A transaction with an unknown outcome may be in the ledger or not, and at any time."""
    assert contradictions(TRUE, LIVRO) == []


@pytest.mark.parametrize(
    ("lie", "livro", "complaint"),
    [
        ([], [*LIVRO, (1, "c", 50_000)], "counts twice"),
        ([], [*LIVRO, (1, "r", -30_001)], "r counts, and nobody was told"),
        ([Answered(1, 5.1, 5.2, 200, "e", 1, -19_999)], LIVRO, "e was acknowledged and is lost"),
        ([Answered(1, 0.0, 9.0, 200, "b", -30_000, -30_000)], LIVRO, "left another balance"),
        ([Answered(1, 4.0, 5.0, 200, saldo=-90_001, names=("b", "a"))], LIVRO, "never so"),
        ([Answered(1, 4.0, 5.0, 200, saldo=-90_000, names=("b",))], LIVRO, "never so"),
        ([Answered(1, 5.1, 5.2, 200, saldo=-90_000, names=("b", "a"))], LIVRO, "it is stale"),
        ([Answered(1, 5.1, 5.2, 200, saldo=0, names=())], LIVRO, "it is stale"),
        ([Answered(1, 5.1, 5.2, 422, "s", -80_000)], LIVRO, "within the limit"),
        ([Answered(1, 2.1, 2.2, 422, "s", -10_000)], LIVRO, "within the limit"),
    ],
)
def test_each_lie_is_found(
    lie: Sequence[Answered], livro: Sequence[tuple[int, str, int]], complaint: str
) -> None:
    """Each wrong answer is named: lost, doubled, unexpected, torn, stale or wrongly refused."""
    found = contradictions([*TRUE, *lie], livro)
    assert found
    assert complaint in found[0]
