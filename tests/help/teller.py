"""One process with a ledger of its own that does as it is told, so that a fault can be put into any
moment of it, and strace to put it there.

strace is attached to the process once it stands still: what it counts begins with the next order.
"""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import OutcomeUnknownError, RinhaError
from tests.help.forks import forks

LOCK_WAIT_S = 0.3
PATIENCE_S = 20
WORK = [f"b{number}" for number in range(6)]


def _serve(orders: Connection, file: Path, synchronous: str) -> None:
    ledger: SqliteLedger | None = None
    orders.send("here")
    while True:
        order = orders.recv()
        try:
            if order == "open":
                ledger = SqliteLedger(file, synchronous=synchronous, lock_wait_s=LOCK_WAIT_S)
                orders.send("done")
                continue
            assert ledger is not None
            if order == "read":
                orders.send(ledger.extrato(1).saldo.total)
            elif order == "write back":
                _write_back(file)
                orders.send("done")
            else:
                ledger.transact(1, Transacao(1, "c", order))
                orders.send("done")
        except RinhaError as error:
            orders.send(error)


def _write_back(file: Path) -> None:
    """As a neighbour may do; where it fails, nothing but time is lost."""
    with (
        contextlib.suppress(apsw.Error),
        contextlib.closing(apsw.Connection(str(file))) as neighbour,
    ):
        neighbour.execute("PRAGMA wal_checkpoint(PASSIVE)")


class Teller:
    """Credits of 1 to client 1, each with a name of its own; `kept` are the acknowledged ones, and
    `written` also those that were said to be there, but not to be safe."""

    def __init__(self, file: Path, synchronous: str) -> None:
        self.kept: list[str] = []
        self.written: list[str] = []
        self.refused: list[str] = []
        self._orders, theirs = forks.Pipe()
        self.process = forks.Process(target=_serve, args=(theirs, file, synchronous))
        self.process.start()
        theirs.close()
        # It stands still from now on.
        assert self._orders.recv() == "here"

    def tell(self, order: str) -> object:
        """Its answer, or None if it died of the order."""
        try:
            self._orders.send(order)
            assert self._orders.poll(PATIENCE_S), f"no answer to {order}"
            return self._orders.recv()
        except (EOFError, ConnectionError):
            return None

    def credit(self, names: list[str]) -> bool:
        """Whether it lived to the end; what was not acknowledged is noted as well."""
        for name in names:
            answer = self.tell(name)
            (self.kept if answer == "done" else self.refused).append(name)
            if answer == "done" or isinstance(answer, OutcomeUnknownError):
                self.written.append(name)
            if answer is None:
                return False
        return True

    def work(self) -> bool:
        """Commits, the log written back, and commits that begin it anew; whether it lived."""
        log_full, log_anew = WORK[:4], WORK[4:]
        return (
            self.credit(log_full) and self.tell("write back") is not None and self.credit(log_anew)
        )

    def end(self) -> None:
        """As abruptly as possible: nothing is tidied up."""
        self.process.kill()
        self.process.join()
        self._orders.close()


def names_in(file: Path) -> list[str]:
    """The credits that a service started anew finds, in their order; its audit must be sound."""
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=LOCK_WAIT_S)
    assert ledger.audit().problems == []
    ledger.close()
    connection = apsw.Connection(str(file))
    rows = connection.execute("SELECT descricao FROM transacoes ORDER BY sequencia").fetchall()
    connection.close()
    return [str(name) for (name,) in rows]


class Tracing:
    """What strace saw, and what it did, once it is over."""

    def __init__(self, log: Path) -> None:
        self._log = log

    @property
    def calls(self) -> dict[str, list[str]]:
        """By the name of each system call, what it was called with, each time."""
        found: dict[str, list[str]] = {}
        for call, words in re.findall(r"^\d+ +(\w+)\((.*)", self._log.read_text(), re.MULTILINE):
            found.setdefault(call, []).append(words)
        return found

    @property
    def injected(self) -> int:
        return self._log.read_text().count("(INJECTED)")


@contextlib.contextmanager
def traced(log: Path, pid: int | None, *words: str) -> Iterator[Tracing]:
    """While it lasts, strace watches the process and does to it what the words say."""
    strace = subprocess.Popen(
        ["strace", "-f", "-o", log, *words, "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert strace.stderr is not None
    try:
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not attach here: {said.strip()}")
        yield Tracing(log)
    finally:
        strace.terminate()
        strace.communicate()
