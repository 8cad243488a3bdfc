"""Checks every answer of the load against the rules that hold at any moment."""

from time import perf_counter_ns as clock_ns

from loadtest.crebitos.contract import BELOW_LIMIT, LIMITES, ROWS_MAX, read_extrato, read_saldo
from loadtest.crebitos.history.operation import (
    ANSWERED,
    NEVER_NS,
    REFUSED,
    UNKNOWN,
    WRONGLY,
    Noted,
    Operation,
)
from loadtest.crebitos.mix import BadRequest, LedgerRequest
from loadtest.drive.memory import Notes
from loadtest.measure.recorder import Recorder
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.outcome import NEVER_LEFT, STATUS_FIRST
from loadtest.wire.request import Request

WRONG_LIMIT = "`limite` is not the client's"
TOO_MANY_ROWS = f"statement with more than {ROWS_MAX} rows"
BAD_ACCEPTED = "a bad body was accepted"
CREDIT_REFUSED = "a valid credit was refused"


class Watch:
    """Counts answers that break the contract, and notes the rest for the history check."""

    def __init__(self, recorder: Recorder, notes: Notes[Noted]) -> None:
        self._recorder = recorder
        self._notes = notes

    def ended(self, request: Request, code: int, body: bytes, sent_ns: int) -> None:
        if isinstance(request, BadRequest) and code == 200:
            self._recorder.find(f"{BAD_ACCEPTED}: {request.name}", request, code, body)
            for effect in request.effects:
                self._note(effect, sent_ns, NEVER_NS, outcome=WRONGLY)
        if not isinstance(request, LedgerRequest) or request.cliente not in LIMITES:
            return
        try:
            if code == 200:
                self._accepted(request, body, sent_ns)
            elif code == 422 and request.delta < 0:
                self._note(request, sent_ns, clock_ns(), outcome=REFUSED)
            elif code == 422 and request.delta > 0:
                self._recorder.find(CREDIT_REFUSED, request, code, body)
            elif code >= 500 or (code < STATUS_FIRST and code not in NEVER_LEFT):
                self._unknown(request, sent_ns)
        except ContractBrokenError as broken:
            self._recorder.find(str(broken), request, code, body)
            self._unknown(request, sent_ns)

    def flush(self) -> None:
        self._notes.flush()

    def _unknown(self, request: LedgerRequest, sent_ns: int) -> None:
        """Notes a transaction that may have been applied at any moment since it was sent."""
        if request.delta:
            self._note(request, sent_ns, NEVER_NS, outcome=UNKNOWN)

    def _note(
        self,
        request: LedgerRequest,
        sent_ns: int,
        answered_ns: int,
        saldo: int = 0,
        outcome: int = ANSWERED,
    ) -> None:
        moments, delta, row = (sent_ns, answered_ns), request.delta, request.fingerprint
        self._notes.add((request.cliente, Operation(*moments, delta, saldo, row, None, outcome)))

    def _accepted(self, request: LedgerRequest, body: bytes, sent_ns: int) -> None:
        # The clock is read after the answer: an earlier time could claim a wrong real-time order.
        if request.delta:
            limite, saldo = read_saldo(body)
            self._note(request, sent_ns, clock_ns(), saldo)
        else:
            extrato = read_extrato(body)
            limite, saldo = extrato.limite, extrato.total
            rows = extrato.fingerprints[:ROWS_MAX]
            operation = Operation(sent_ns, clock_ns(), 0, saldo, rows=rows)
            self._notes.add((request.cliente, operation))
            if len(extrato.transacoes) > ROWS_MAX:
                self._recorder.find(TOO_MANY_ROWS, request, 200, body)
        expected = LIMITES[request.cliente]
        if limite != expected:
            self._recorder.find(WRONG_LIMIT, request, 200, body)
        if saldo < -expected:
            self._recorder.find(BELOW_LIMIT, request, 200, body)
