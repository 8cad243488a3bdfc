"""Two writers that also checkpoint all the time."""

from pathlib import Path
from random import Random

import apsw

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from tests.help.effort import drawn_seed, effort
from tests.help.forks import run_at_once

TRANSACTIONS = effort(20_000, 500_000, 1_000_000)
WRITERS = 2
LOOK_EVERY = 10_000
# An audit reads every row: the ledger is reset before that takes seconds.
EMPTY_EVERY = 50_000
# A writer checkpoints after a random number of transactions, at most this many.
CHECKPOINT_EVERY_MAX = 5
CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
WAIT_MS = 5_000


def write(file: Path, count: int, seed: int) -> None:
    rng = Random(seed)
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=WAIT_MS / 1000)
    neighbour = apsw.Connection(str(file))
    neighbour.set_busy_timeout(WAIT_MS)
    left = 1
    for _ in range(count):
        ledger.transact(rng.randint(1, 5), Transacao(1, "c", "storm"))
        left -= 1
        if left == 0:
            neighbour.execute(f"PRAGMA wal_checkpoint({rng.choice(CHECKPOINTS)})").fetchall()
            left = rng.randint(1, CHECKPOINT_EVERY_MAX)
    ledger.close()


def test_the_file_stays_whole_in_a_storm_of_checkpoints(memory: Path) -> None:
    """Two processes that write and checkpoint at the same time never lose or mix up a page."""
    seed, file = drawn_seed(), memory / "rinha.db"
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=WAIT_MS / 1000)
    for number in range(0, TRANSACTIONS, LOOK_EVERY):
        each = LOOK_EVERY // WRITERS
        run_at_once(write, [(file, each, seed + number + writer) for writer in range(WRITERS)])
        audit = ledger.audit()
        assert audit.problems == []
        rows = sum(row.transacoes for row in audit.clientes)
        assert rows == number % EMPTY_EVERY + LOOK_EVERY
        if rows == EMPTY_EVERY:
            ledger.reset()
    ledger.close()
    print(f"{TRANSACTIONS} transactions, whole at every {LOOK_EVERY}th")
