"""Looks into every answer of the load: the contract's rules that hold at any moment."""

from time import perf_counter_ns as clock_ns

from loadtest.crebitos.contract import (
    LIMITES,
    LINHAS_MAX,
    ContractBrokenError,
    Extrato,
    read_extrato,
    read_saldo,
)
from loadtest.crebitos.history.notes import NEVER_NS, REFUSED, UNKNOWN, Notes
from loadtest.crebitos.mix import Request
from loadtest.measure.recorder import Recorder

BELOW_LIMIT = "balance below -limite"
WRONG_LIMIT = "`limite` is not the client's"
TOO_MANY_ROWS = f"statement with more than {LINHAS_MAX} rows"
CREDIT_REFUSED = "a valid credit was refused"


class Watch:
    """Counts what no correct answer may say, and notes the rest for the history check."""

    def __init__(self, recorder: Recorder, notes: Notes) -> None:
        self._recorder = recorder
        self._notes = notes

    def answered(self, request: Request, status: int, body: bytes, sent_ns: int) -> None:
        if request.client not in LIMITES:
            return
        try:
            if status == 200:
                self._accepted(request, body, sent_ns)
            elif status == 422 and request.delta < 0:
                self._notes.transaction(request, sent_ns, clock_ns(), REFUSED)
            elif status == 422 and request.delta > 0:
                self._recorder.find(CREDIT_REFUSED, request, body)
            elif request.delta and status >= 500:
                self.lost(request, sent_ns)
        except ContractBrokenError as broken:
            self._recorder.find(str(broken), request, body)
            self.lost(request, sent_ns)

    def lost(self, request: Request, sent_ns: int) -> None:
        """Nobody knows whether it was applied: it may be, at any moment since it was sent."""
        if request.delta:
            self._notes.transaction(request, sent_ns, NEVER_NS, UNKNOWN)

    def _accepted(self, request: Request, body: bytes, sent_ns: int) -> None:
        if request.delta:
            limite, saldo = read_saldo(body)
            # Taken after the answer was read: a real-time order must never be claimed too early.
            self._notes.transaction(request, sent_ns, clock_ns(), saldo)
        elif request.asks_statement:
            extrato = read_extrato(body)
            limite, saldo = extrato.limite, extrato.total
            self._notes.statement(request.client, sent_ns, clock_ns(), extrato)
            self._look_at_rows(extrato, request, body)
        else:
            return
        expected = LIMITES[request.client]
        if limite != expected:
            self._recorder.find(WRONG_LIMIT, request, body)
        if saldo < -expected:
            self._recorder.find(BELOW_LIMIT, request, body)

    def _look_at_rows(self, extrato: Extrato, request: Request, body: bytes) -> None:
        if len(extrato.linhas) > LINHAS_MAX:
            self._recorder.find(TOO_MANY_ROWS, request, body)
