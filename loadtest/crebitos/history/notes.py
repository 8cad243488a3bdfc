"""Notes of every answer for the history check, packed small while the load runs."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.crebitos.contract import ROWS_MAX, Extrato
from loadtest.crebitos.mix import LedgerRequest
from loadtest.drive.memory import MemoryFile
from loadtest.limits import INTEGERS_BUFFERED_MAX

# Outcomes of a transaction; only an answered one tells the balance. WRONGLY is a body that was
# accepted and had to be refused: its effect is unknown.
ANSWERED, REFUSED, UNKNOWN, WRONGLY = range(4)
NEVER_NS = 1 << 62

_DELTA_BITS = 40
_DELTA_ZERO = 1 << (_DELTA_BITS - 1)
_CLIENTE_BITS = 8
_OUTCOME_SHIFT = _DELTA_BITS + _CLIENTE_BITS
_TRANSACAO_INTEGERS = 5
_EXTRATO_INTEGERS = 5 + ROWS_MAX
_INTEGER_BYTES = 8


@dataclass(slots=True, eq=False)
class Operation:
    """One request for one client, and its answer.

    A transaction has a delta and, when acknowledged, the balance it returned. A statement has no
    delta, a total and the fingerprints of its rows. A refused transaction and one whose outcome is
    unknown have no balance; an unknown one is answered `NEVER_NS`. The history check uses `done`
    and `place`.
    """

    sent_ns: int
    answered_ns: int
    delta: int
    saldo: int
    fingerprint: int = 0
    rows: tuple[int, ...] | None = None
    outcome: int = ANSWERED
    done: bool = False
    place: int = 0

    @property
    def before(self) -> int:
        """The balance before an acknowledged transaction; for a statement, its own total."""
        return self.saldo - self.delta

    @property
    def is_reader(self) -> bool:
        """True for a statement and a refused debit: both leave the balance as it is."""
        return self.rows is not None or self.outcome == REFUSED


def refused(sent_ns: int, answered_ns: int, delta: int, fingerprint: int = 0) -> Operation:
    """Returns a debit that was refused."""
    return Operation(sent_ns, answered_ns, delta, 0, fingerprint, outcome=REFUSED)


def unknown(sent_ns: int, delta: int, fingerprint: int = 0) -> Operation:
    """Returns a transaction that may be applied at any moment since it was sent, or never."""
    return Operation(sent_ns, NEVER_NS, delta, 0, fingerprint, outcome=UNKNOWN)


class Notes:
    """Notes that a worker writes into files in memory; they are read after the load."""

    def __init__(self) -> None:
        self._transacoes_file = MemoryFile()
        self._extratos_file = MemoryFile()
        self._transacoes = array("q")
        self._extratos = array("q")

    def transacao(
        self,
        request: LedgerRequest,
        sent_ns: int,
        answered_ns: int,
        saldo: int = 0,
        outcome: int = ANSWERED,
    ) -> None:
        notes = self._transacoes
        place = (outcome << _CLIENTE_BITS | request.cliente) << _DELTA_BITS
        place |= request.delta + _DELTA_ZERO
        notes.extend((sent_ns, answered_ns, place, request.fingerprint, saldo))
        if len(notes) >= INTEGERS_BUFFERED_MAX:
            self.flush()

    def extrato(self, cliente: int, sent_ns: int, answered_ns: int, extrato: Extrato) -> None:
        rows = extrato.fingerprints[:ROWS_MAX]
        padding = [0] * (ROWS_MAX - len(rows))
        head = (sent_ns, answered_ns, cliente, extrato.total, len(rows))
        self._extratos.extend((*head, *rows, *padding))

    def flush(self) -> None:
        self._transacoes_file.write(self._transacoes.tobytes())
        self._extratos_file.write(self._extratos.tobytes())
        del self._transacoes[:], self._extratos[:]

    def read(self) -> Iterator[tuple[int, Operation]]:
        """Yields every noted operation with its client."""
        for integers in _read_records(self._transacoes_file, _TRANSACAO_INTEGERS):
            sent_ns, answered_ns, place, fingerprint, saldo = integers
            delta = (place & (1 << _DELTA_BITS) - 1) - _DELTA_ZERO
            operation = Operation(
                sent_ns, answered_ns, delta, saldo, fingerprint, outcome=place >> _OUTCOME_SHIFT
            )
            yield place >> _DELTA_BITS & (1 << _CLIENTE_BITS) - 1, operation
        for integers in _read_records(self._extratos_file, _EXTRATO_INTEGERS):
            sent_ns, answered_ns, cliente, total, size = integers[:5]
            rows = tuple(integers[5 : 5 + size])
            yield cliente, Operation(sent_ns, answered_ns, 0, total, rows=rows)

    def close(self) -> None:
        self._transacoes_file.close()
        self._extratos_file.close()


def _read_records(file: MemoryFile, integers: int) -> Iterator["array[int]"]:
    step = integers * _INTEGER_BYTES
    for offset in range(0, file.size - file.size % step, step * 4096):
        block = array("q")
        data = file.read(offset, step * 4096)
        block.frombytes(data[: len(data) - len(data) % step])
        for start in range(0, len(block), integers):
            yield block[start : start + integers]
