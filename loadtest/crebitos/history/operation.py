"""One operation of a client's history, as it is noted while the load runs."""

from msgspec import Struct

from loadtest.crebitos.contract import read_extrato, read_saldo
from loadtest.crebitos.mix import LedgerRequest

# Outcomes of a transaction; only an answered one tells the balance. WRONGLY is a body that was
# accepted and had to be refused: its effect is unknown.
ANSWERED, REFUSED, UNKNOWN, WRONGLY = range(4)
NEVER_NS = 1 << 62


class Operation(Struct, array_like=True, eq=False, gc=False):
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


# An operation with its client.
Noted = tuple[int, Operation]


def refused(sent_ns: int, answered_ns: int, delta: int, fingerprint: int = 0) -> Operation:
    """Returns a debit that was refused."""
    return Operation(sent_ns, answered_ns, delta, 0, fingerprint, outcome=REFUSED)


def unknown(sent_ns: int, delta: int, fingerprint: int = 0) -> Operation:
    """Returns a transaction that may be applied at any moment since it was sent, or never."""
    return Operation(sent_ns, NEVER_NS, delta, 0, fingerprint, outcome=UNKNOWN)


def accepted(
    request: LedgerRequest, body: bytes, sent_ns: int, answered_ns: int
) -> tuple[int, Operation]:
    """Returns the limit that a 200 names, and the operation that it acknowledges."""
    if request.delta:
        limite, saldo = read_saldo(body)
        row = request.fingerprint
        return limite, Operation(sent_ns, answered_ns, request.delta, saldo, row)
    shown = read_extrato(body)
    return shown.limite, Operation(sent_ns, answered_ns, 0, shown.total, rows=shown.fingerprints)
