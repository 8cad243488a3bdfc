"""A ledger with its checkpointer, and the length of its WAL after each commit."""

import time
from pathlib import Path
from unittest.mock import patch

import apsw

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.sqlite.checkpoint import Checkpointer
from rinha.sqlite.limits import WAL_PAGES_LONG

CREDIT = Transacao(1, "c", "abc")
# Each commit adds two or three pages, so these exceed every limit of the WAL.
MANY = 8_000
# A thread of a busy machine takes long to check the 80 MB of a WAL in doubt.
TIMEOUT_S = 120.0
PAUSE_S = 1 / 340
# Pages that may be added between a decision to checkpoint and its end, on a slow disk.
SOME_PAGES = WAL_PAGES_LONG


class CheckpointedLedger:
    """A ledger with its checkpointer; `wal_pages` is the length of the WAL after each commit."""

    def __init__(self, file: Path) -> None:
        self.wal_pages: list[int] = []
        self.ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
        self.checkpointer = Checkpointer(file)
        self.ledger.engine.connection.set_wal_hook(self._look)

    def _look(self, connection: apsw.Connection, database: str, wal_pages: int) -> int:
        self.wal_pages.append(wal_pages)
        return self.checkpointer.after_commit(connection, database, wal_pages)

    def credit(self, times: int) -> None:
        for _ in range(times):
            self.ledger.transact(1, CREDIT)

    def credit_until_wal_restarts(self) -> int:
        """Writes until the WAL restarts, at the usual rate; returns its length before."""
        deadline = time.monotonic() + TIMEOUT_S
        while len(self.wal_pages) < 2 or self.wal_pages[-1] >= self.wal_pages[-2]:
            assert time.monotonic() < deadline, self.wal_pages[-3:]
            self.credit(1)
            time.sleep(PAUSE_S if self.wal_pages[-1] >= WAL_PAGES_LONG else 0)
        return self.wal_pages[-2]

    def close(self) -> None:
        # While its thread repairs a WAL no other one of this process can, as in the next test.
        with patch("rinha.sqlite.checkpoint.CHECKPOINT_END_MAX_S", TIMEOUT_S):
            self.checkpointer.close()
        self.ledger.close()
