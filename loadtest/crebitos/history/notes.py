"""What the history check needs of every answer, packed small while the load runs."""

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.crebitos.contract import LINHAS_MAX, Extrato
from loadtest.crebitos.mix import Request
from loadtest.limits import NOTES_KEPT_MAX

REFUSED = 1 << 62
UNKNOWN = REFUSED + 1
NEVER_NS = 1 << 62

_DELTA_BITS = 40
_DELTA_ZERO = 1 << (_DELTA_BITS - 1)
_TRANSACTION_WORDS = 5
_STATEMENT_WORDS = 5 + LINHAS_MAX
_WORD_BYTES = 8


@dataclass(slots=True, eq=False)
class Operation:
    """One question to one client, and the answer it got.

    A transaction has a delta and, when acknowledged, the balance it returned; a statement has no
    delta, a total and the fingerprints of its rows. An unknown outcome is answered `NEVER_NS`.
    `done` and `place` belong to the history check.
    """

    sent_ns: int
    answered_ns: int
    delta: int
    saldo: int
    fingerprint: int = 0
    rows: tuple[int, ...] | None = None
    done: bool = False
    place: int = 0

    @property
    def before(self) -> int:
        """The balance an acknowledged transaction began at; a statement's own."""
        return self.saldo - self.delta

    @property
    def is_reader(self) -> bool:
        """A statement or a refused debit: it tells of the balance and leaves it alone."""
        return self.rows is not None or self.saldo == REFUSED


class Notes:
    """Written by a worker; the files outlive it and are read once the load is over."""

    def __init__(self, transactions_file: int, statements_file: int) -> None:
        self._transactions_file = transactions_file
        self._statements_file = statements_file
        self._transactions = array("q")
        self._statements = array("q")

    def transaction(self, request: Request, sent_ns: int, answered_ns: int, saldo: int) -> None:
        notes = self._transactions
        place = request.client << _DELTA_BITS | request.delta + _DELTA_ZERO
        notes.extend((sent_ns, answered_ns, place, request.fingerprint, saldo))
        if len(notes) >= NOTES_KEPT_MAX:
            self.flush()

    def statement(self, client: int, sent_ns: int, answered_ns: int, extrato: Extrato) -> None:
        rows = [linha.fingerprint for linha in extrato.linhas[:LINHAS_MAX]]
        padding = [0] * (LINHAS_MAX - len(rows))
        head = (sent_ns, answered_ns, client, extrato.total, len(rows))
        self._statements.extend((*head, *rows, *padding))

    def flush(self) -> None:
        """Hands the notes to the files, whose pages are memory: no disk is waited for."""
        for notes, file in (
            (self._transactions, self._transactions_file),
            (self._statements, self._statements_file),
        ):
            os.write(file, notes.tobytes())
            del notes[:]


def _read_words(file: int, words: int) -> Iterator["array[int]"]:
    size = os.fstat(file).st_size
    step = words * _WORD_BYTES
    for offset in range(0, size - size % step, step * 4096):
        block = array("q")
        data = os.pread(file, step * 4096, offset)
        block.frombytes(data[: len(data) - len(data) % step])
        for start in range(0, len(block), words):
            yield block[start : start + words]


def read_notes(transactions_file: int, statements_file: int) -> Iterator[tuple[int, Operation]]:
    """Every noted operation with its client."""
    for sent_ns, answered_ns, place, fingerprint, saldo in _read_words(
        transactions_file, _TRANSACTION_WORDS
    ):
        delta = (place & (1 << _DELTA_BITS) - 1) - _DELTA_ZERO
        operation = Operation(sent_ns, answered_ns, delta, saldo, fingerprint)
        yield place >> _DELTA_BITS, operation
    for words in _read_words(statements_file, _STATEMENT_WORDS):
        sent_ns, answered_ns, client, total, size = words[:5]
        rows = tuple(words[5 : 5 + size])
        yield client, Operation(sent_ns, answered_ns, 0, total, rows=rows)
