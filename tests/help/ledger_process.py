"""A process with its own ledger that executes orders, so that strace can inject a fault at any
call.

strace is attached while the process waits: its counts begin with the next order.
"""

import contextlib
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.limits import FIRST_LIMITES
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_clientes import SqliteClientes
from rinha.errors import OutcomeUnknownError, RinhaError
from rinha.sqlite.group import Group
from tests.help.forks import start

# System calls of a process for its command pipe, which are not tried.
OF_THE_PIPE = {"read", "write", "poll", "recvfrom", "sendto"}
Point = tuple[str, int]
LOCK_WAIT_S = 0.3
TIMEOUT_S = 20
NEW_LIMITE = 5
WORK = [f"b{number}" for number in range(7)]


def _serve(orders: Connection, file: Path, synchronous: str) -> None:
    ledger: SqliteLedger | None = None
    orders.send("here")
    while True:
        order = orders.recv()
        try:
            if order == "open":
                ledger = SqliteLedger(file, synchronous=synchronous, lock_wait_s=LOCK_WAIT_S)
                ledger.engine.upgrade()
                orders.send("done")
                continue
            assert ledger is not None
            if order == "read":
                orders.send(ledger.extrato(1).saldo.total)
            elif order == "write back":
                _write_back(file)
                orders.send("done")
            elif isinstance(order, tuple):
                SqliteClientes(ledger).change_limite(*order)
                orders.send("done")
            elif isinstance(order, int):
                SqliteClientes(ledger).close(order)
                orders.send("done")
            elif isinstance(order, list):
                orders.send(_credit_together(ledger, order))
            else:
                ledger.transact(1, Transacao(1, "c", order))
                orders.send("done")
        except RinhaError as error:
            orders.send(error)


def _credit_together(ledger: SqliteLedger, names: list[str]) -> list[object]:
    """Makes credits as one group, and returns the answer to each."""
    writing = ledger.engine.writing
    writing.may_group = True
    answers: list[object] = []
    for name in names:
        try:
            # None of them comes after a pause.
            writing.used_at = time.monotonic() + TIMEOUT_S
            ledger.transact(1, Transacao(1, "c", name))
            answers.append(ledger.engine.group)
        except RinhaError as error:
            answers.append(error)
    writing.may_group = False
    for place, answer in enumerate(answers):
        try:
            if isinstance(answer, Group):
                answer.end()
        except RinhaError as error:
            answers[place] = error
    return [each if isinstance(each, RinhaError) else "done" for each in answers]


def _write_back(file: Path) -> None:
    """Checkpoints, as a neighbour may do; a failure does no harm."""
    with (
        contextlib.suppress(apsw.Error),
        contextlib.closing(apsw.Connection(str(file))) as neighbour,
    ):
        neighbour.execute("PRAGMA wal_checkpoint(PASSIVE)")


class LedgerProcess:
    """Credits of 1 to client 1, each with its own name. `kept` are the acknowledged ones; `written`
    also has those that were committed but are not known to be durable. Each of `refused` is a
    transaction: one credit, or a group."""

    def __init__(self, file: Path, synchronous: str) -> None:
        self.kept: list[str] = []
        self.written: list[str] = []
        self.refused: list[list[str]] = []
        self.changes = 0
        self._orders, self.process = start(_serve, file, synchronous)

    def tell(self, order: str | list[str] | tuple[int, int] | int) -> object:
        """Sends an order; returns the answer, or None if the process died."""
        try:
            self._orders.send(order)
            assert self._orders.poll(TIMEOUT_S), f"no answer to {order}"
            return self._orders.recv()
        except (EOFError, ConnectionError):
            return None

    def credit(self, names: list[str]) -> bool:
        """Sends credits and records each outcome; returns False if the process died."""
        for name in names:
            answer = self.tell(name)
            self._record([name], [answer])
            if answer is None:
                return False
        return True

    def credit_together(self, names: list[str]) -> bool:
        """Sends credits that are one group, as credit() does."""
        answers = self.tell(names)
        assert answers is None or isinstance(answers, list)
        self._record(names, answers or [None] * len(names))
        return answers is not None

    def _record(self, names: list[str], answers: list[object]) -> None:
        refused = []
        for name, answer in zip(names, answers, strict=True):
            if answer == "done":
                self.kept.append(name)
            else:
                refused.append(name)
            if answer == "done" or isinstance(answer, OutcomeUnknownError):
                self.written.append(name)
        if refused:
            self.refused.append(refused)

    def work(self) -> bool:
        """Commits, checkpoints, and restarts the WAL; returns False if the process died."""
        return (
            self.credit(WORK[:1])
            and self.credit_together(WORK[1:4])
            and self.tell("write back") is not None
            and self.credit_together(WORK[4:6])
            and self.credit(WORK[6:])
        )

    def change(self) -> bool:
        """Changes the limit of each client and closes it, and counts the changes that are
        acknowledged; returns False if the process died."""
        for cliente in FIRST_LIMITES:
            for order in ((cliente, NEW_LIMITE), cliente):
                if self.tell(order) is None:
                    return False
                self.changes += 1
        return True

    def end(self) -> None:
        """Kills the process, so that it cleans nothing up."""
        self.process.kill()
        self.process.join()
        self._orders.close()


def names_in(file: Path) -> list[str]:
    """Returns the credits that a new service finds, in order; its audit must find no problem."""
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=LOCK_WAIT_S)
    assert ledger.audit().problems == []
    ledger.close()
    connection = apsw.Connection(str(file))
    rows = connection.execute("SELECT descricao FROM transacoes ORDER BY sequencia").fetchall()
    connection.close()
    return [str(name) for (name,) in rows]


def changes_in(file: Path) -> list[tuple[int, str]]:
    """Returns the changes of clients that a new service finds; its audit must find no problem."""
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=LOCK_WAIT_S)
    assert ledger.audit().problems == []
    rows = ledger.engine.read("SELECT cliente, acao FROM alteracoes ORDER BY cliente, numero", ())
    ledger.close()
    return [(cliente, acao) for cliente, acao in rows]


class Tracing:
    """Calls that strace saw and faults that it injected; complete once the tracing is over."""

    def __init__(self, log: Path) -> None:
        self._log = log

    @property
    def calls(self) -> dict[str, list[str]]:
        """Arguments of each call, by the name of the system call."""
        found: dict[str, list[str]] = {}
        for call, words in re.findall(r"^\d+ +(\w+)\((.*)", self._log.read_text(), re.MULTILINE):
            found.setdefault(call, []).append(words)
        return found

    def points(self, calls: set[str] | None = None) -> list[Point]:
        """Returns each system call of the work, or each of `calls`, with its number by name."""
        return [
            (call, number)
            for call, times in self.calls.items()
            for number in range(1, len(times) + 1)
            if (call in calls if calls else call not in OF_THE_PIPE)
        ]

    @property
    def injected(self) -> int:
        return self._log.read_text().count("(INJECTED)")


@contextlib.contextmanager
def traced(log: Path, pid: int | None, *words: str) -> Iterator[Tracing]:
    """Runs strace on the process with these arguments, as long as the context lasts."""
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


def kill_at_points(
    folder: Path,
    every: int,
    begin: Callable[[Path], LedgerProcess],
    work: Callable[[LedgerProcess], bool],
    is_sound: Callable[[Path, LedgerProcess], bool],
) -> None:
    """Kills a process at one in `every` system calls of its work, and checks each file that it
    leaves."""
    log = folder / "strace.log"
    worker = begin(folder / "whole.db")
    with traced(log, worker.process.pid) as tracing:
        assert work(worker)
    worker.end()
    points = tracing.points()
    assert len(points) > 80, list(tracing.calls)
    deaths = 0
    for place, (call, number) in enumerate(points[::every]):
        file = folder / f"{place}.db"
        worker = begin(file)
        with traced(log, worker.process.pid, f"--inject={call}:signal=KILL:when={number}"):
            deaths += not work(worker)
        worker.end()
        assert is_sound(file, worker), (call, number)
    print(f"{deaths} deaths at {len(points)} points, one in {every} tried")
    assert deaths >= 0.9 * len(points[::every])
