"""Randomly changed answers, for every command and both editions."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.help.effort import drawn_seed, effort
from tests.help.fuzzed_answers import fuzzed, rightly_framed
from tests.help.judging import WORDS, Judged, is_accepted, judge
from tests.help.right_entries import RIGHT, RightLedger

pytestmark = pytest.mark.slow

ROUNDS = effort(12, 100, 1_000)
GROWN_MAX_BYTES = 200 << 20
TOOK_MAX_S = 300


WRONG_AT = 60  # a request in the middle of a run


class OneWrong(RightLedger):
    """A ledger that answers one balance a cent too high."""

    was_wrong = False

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().answer(method, path, body)
        if status == 200 and method == "POST" and self.asked > WRONG_AT and not self.was_wrong:
            self.was_wrong = True
            return status, content | {"saldo": content["saldo"] + 1}
        return status, content


def one(random: Random, folder: Path, make: Any, commands: list[str], *, short: bool) -> Judged:
    command, edition = random.choice(commands), random.choice(list(RIGHT))
    words = (command, "127.0.0.1:1", *WORDS[command], "--edition", edition)
    judged = judge(make(RIGHT[edition]), (*words, "--seed", "1"), folder, short=short)
    print(f"{edition} {judged}")
    return judged


def test_no_answer_ends_the_judge(tmp_path: Path) -> None:
    """Any answer leads to a verdict and both reports, with bounded time and memory."""
    seed = drawn_seed()
    for number in range(ROUNDS):
        random = Random(f"{seed} {number}")
        share = random.choice((0.02, 0.2, 1.0))
        judged = one(
            random, tmp_path, lambda base, r=random, s=share: fuzzed(base, r, s), list(WORDS),
            short=True,
        )  # fmt: skip
        assert judged.code in {0, 1, 3, 4}, number
        assert "the generator failed" not in judged.out, number
        assert judged.grown_bytes < GROWN_MAX_BYTES, number
        assert judged.took_s < TOOK_MAX_S, number
        assert judged.code == 3 or "report:" in judged.out or "not ready" in judged.out, number


def test_a_quoted_answer_that_no_report_can_hold(tmp_path: Path) -> None:
    """A round that once ended the judge: a reason quoted half of a character beyond 16 bits."""
    random = Random("607662801 122")
    share = random.choice((0.02, 0.2, 1.0))
    judged = one(
        random, tmp_path, lambda base: fuzzed(base, random, share), list(WORDS), short=True
    )
    assert judged.code == 1
    assert "the generator failed" not in judged.out


def test_right_answers_may_be_framed_in_any_way(tmp_path: Path) -> None:
    """Valid framing is accepted: chunks, pieces, interim answers and white space."""
    seed = drawn_seed()
    for number in range(ROUNDS // 4):
        random = Random(f"{seed} {number}")
        judged = one(
            random, tmp_path, lambda base, r=random: rightly_framed(base, r), list(WORDS),
            short=False,
        )  # fmt: skip
        assert is_accepted(judged, tmp_path), number


def test_a_wrong_balance_is_convicted_however_it_is_framed(tmp_path: Path) -> None:
    """A run with one balance a cent too high fails, in any framing."""
    seed = drawn_seed()
    for number in range(ROUNDS // 4):
        random = Random(f"{seed} {number}")
        words = ("run", "127.0.0.1:1", *WORDS["run"], "--seed", "1")
        judged = judge(rightly_framed(OneWrong, random), words, tmp_path)
        assert judged.code == 1, judged.out
