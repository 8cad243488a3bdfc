"""A restore to a moment gives exactly the transactions up to it."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from stack.drill import Row, rows
from tests.help.effort import drawn_seed, effort
from tests.help.following import replicated, restore
from tests.help.transaction_load import TransactionLoad

RATE = 340
LASTS_S = effort(5, 20, 90)
MOMENTS = effort(4, 20, 40)
WHEN_COLUMN = 5
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC)


def moment_of(row: Row) -> datetime:
    return EPOCH + MICROSECOND * int(row[WHEN_COLUMN])


def up_to(history: list[Row], at: datetime) -> list[Row]:
    return [row for row in history if moment_of(row) <= at]


def restored(folder: Path, at: datetime) -> list[Row]:
    file = folder / f"at{at.timestamp()}.db"
    code, said = restore(file, f"file://{folder / 'copy'}", "--at", at.isoformat())
    assert code == 0, said
    assert "every promise holds" in said
    return rows(file)


def test_a_time_is_exact_to_the_microsecond(folder: Path) -> None:
    """A restore is exact to the microsecond by the rows' times, not to Litestream's last sync."""
    rng = Random(drawn_seed())
    with replicated(folder, f"file://{folder / 'copy'}") as (stack, following):
        with TransactionLoad(stack.port, RATE, rng.randrange(2**31)):
            time.sleep(LASTS_S)
        # The newest rows have to be sent too.
        time.sleep(2)
        following.wait_until_follows()
        history = sorted(rows(folder / "ledger" / "rinha.db"), key=moment_of)
    chosen = [moment_of(rng.choice(history)) for _ in range(MOMENTS)]
    # Restores to the chosen times, and to the microsecond before each.
    for at in (moment_of(history[-1]), *chosen, *(one - MICROSECOND for one in chosen)):
        assert sorted(restored(folder, at), key=moment_of) == up_to(history, at)


def test_a_time_before_a_reset_is_restored_as_it_was(folder: Path) -> None:
    """A restore to a time before a reset gives all rows of that time. Between Litestream's syncs it
    gives the last state before, at most a second old."""
    with replicated(folder, f"file://{folder / 'copy'}") as (stack, following):
        with TransactionLoad(stack.port, RATE, drawn_seed()):
            time.sleep(3)
        time.sleep(2)
        history = sorted(rows(folder / "ledger" / "rinha.db"), key=moment_of)
        at = datetime.now(UTC)
        stack.reset()
        with TransactionLoad(stack.port, RATE, drawn_seed()):
            time.sleep(2)
        time.sleep(2)
        following.wait_until_follows()
        after = sorted(rows(folder / "ledger" / "rinha.db"), key=moment_of)
    assert sorted(restored(folder, at), key=moment_of) == history
    middle = moment_of(history[len(history) // 2])
    found = sorted(restored(folder, middle), key=moment_of)
    # A prefix of each client's rows, which lacks at most the last 2.5 s before that time.
    assert found == [row for row in history if row in set(found)]
    assert up_to(history, middle - timedelta(seconds=2.5)) == up_to(
        found, middle - timedelta(seconds=2.5)
    )
    assert all(moment_of(row) <= middle for row in found)
    last = moment_of(after[-1])
    assert sorted(restored(folder, last), key=moment_of) == after


def test_a_time_that_the_replica_does_not_have_is_refused(folder: Path) -> None:
    """A time before the replica's beginning or in the future is refused, and nothing is changed."""
    with replicated(folder, f"file://{folder / 'copy'}") as (stack, following):
        stack.client().transact(1, 7, "c")
        following.wait_until_follows()
    kept = rows(folder / "ledger" / "rinha.db")
    for at, why in (
        ("2020-01-01", "has no state of"),
        ("2999-01-01T00:00:00Z", "in the future"),
        ("soon", "is no time"),
    ):
        code, said = restore(
            folder / "ledger" / "rinha.db", f"file://{folder / 'copy'}", "--at", at
        )
        assert (code, said.count("\n")) == (2, 1)
        assert why in said
    assert rows(folder / "ledger" / "rinha.db") == kept
