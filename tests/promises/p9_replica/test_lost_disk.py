"""The file, its WAL and their folder are lost at once, and everything is killed."""

import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from stack.drill import rows
from tests.help.effort import drawn_seed, effort
from tests.help.following import Following, lose, restore
from tests.help.running import Stack
from tests.help.transaction_load import CLIENTES, Outcome, TransactionLoad

ROUNDS = effort(2, 8, 8)
ALONE_ROUNDS = 30
RATE = 340
# Long enough for Litestream to checkpoint at least once.
LIVES_S = (2.0, 5.0)
LOST_P99_MAX_S = 2.0


@pytest.fixture
def folders() -> Iterator[Path]:
    # Not tmp_path: the path of a unix socket must be short.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def lose_everything(stack: Stack, following: Following) -> float:
    """Removes the folder and kills all processes; returns the time of the loss."""
    lose(stack.folder)
    lost_at_s = time.monotonic()
    stack.kill()
    # Litestream's log is gone too, and so is the supervisor that would restart it.
    following.stop(signal.SIGKILL)
    return lost_at_s


def lost_s(outcomes: list[Outcome], file: Path, lost_at_s: float) -> float:
    """Returns the age of the oldest acknowledged transaction that is lost. What is kept must be a
    prefix of each client's history."""
    kept = {(row[0], row[4]) for row in rows(file)}
    known = {(outcome.cliente, outcome.descricao) for outcome in outcomes}
    assert kept <= known, "not asked for and there"
    oldest_s = lost_at_s
    for cliente in CLIENTES:
        mine = [outcome for outcome in outcomes if outcome.cliente == cliente]
        is_kept = {outcome.descricao: (cliente, outcome.descricao) in kept for outcome in mine}
        newest_sent_s = max(
            (one.sent_at_s for one in mine if is_kept[one.descricao]), default=float("-inf")
        )
        for one in mine:
            answered_at_s = one.sent_at_s + one.after_s
            if one.status == 200 and not is_kept[one.descricao] and answered_at_s < lost_at_s:
                assert answered_at_s >= newest_sent_s, f"lost {one}, and kept one sent after it"
                oldest_s = min(oldest_s, answered_at_s)
    return lost_at_s - oldest_s


def lose_and_restore(top: Path, number: int, rng: Random) -> float:
    folder, copy = top / f"{number}", top / f"copy{number}"
    folder.mkdir()
    stack = Stack(folder)
    following = Following(folder, f"file://{copy}")
    following.wait_until_follows()
    with TransactionLoad(stack.port, RATE, rng.randrange(2**31)) as load:
        time.sleep(rng.uniform(*LIVES_S))
        lost_at_s = lose_everything(stack, following)
    folder.mkdir()
    code, said = restore(folder / "rinha.db", f"file://{copy}")
    assert code == 0, said
    assert "every promise holds" in said
    assert sum(outcome.status == 200 for outcome in load.outcomes) > RATE
    return lost_s(load.outcomes, folder / "rinha.db", lost_at_s)


def lose_in_rounds(top: Path, rounds: int) -> list[float]:
    rng = Random(drawn_seed())
    lost = sorted(lose_and_restore(top, number, rng) for number in range(rounds))
    middle, nearly_all = lost[len(lost) // 2], lost[len(lost) * 99 // 100]
    print(f"{rounds} rounds, lost {middle:.2f} s, p99 {nearly_all:.2f} s, max {lost[-1]:.2f} s")
    return lost


def test_a_lost_disk_costs_the_newest_transactions_only(folders: Path) -> None:
    """A restore after a lost disk is sound, and has a prefix of each client's history."""
    lose_in_rounds(folders, ROUNDS)


@pytest.mark.alone
def test_a_lost_disk_costs_two_seconds_at_most(folders: Path) -> None:
    """A lost disk costs 2 s at most at p99 of 30 rounds, with the machine for itself."""
    lost = lose_in_rounds(folders, ALONE_ROUNDS)
    assert lost[len(lost) * 99 // 100] <= LOST_P99_MAX_S
