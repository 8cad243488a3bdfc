"""Checks every answer of the load against the rules that hold at any moment."""

from time import perf_counter_ns as clock_ns

from loadtest.crebitos.contract import BELOW_LIMIT, LIMITES, ROWS_MAX
from loadtest.crebitos.history.operation import (
    WRONGLY,
    Noted,
    Operation,
    accepted,
    refused,
    unknown,
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
                applied = unknown(sent_ns, effect.delta, effect.fingerprint)
                applied.outcome = WRONGLY
                self._note(effect, applied)
        if not isinstance(request, LedgerRequest) or request.cliente not in LIMITES:
            return
        try:
            if code == 200:
                self._accepted(request, body, sent_ns)
            elif code == 422 and request.delta < 0:
                row = request.fingerprint
                self._note(request, refused(sent_ns, clock_ns(), request.delta, row))
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
            self._note(request, unknown(sent_ns, request.delta, request.fingerprint))

    def _note(self, request: LedgerRequest, operation: Operation) -> None:
        self._notes.add((request.cliente, operation))

    def _accepted(self, request: LedgerRequest, body: bytes, sent_ns: int) -> None:
        # The clock is read after the answer: an earlier time could claim a wrong real-time order.
        limite, operation = accepted(request, body, sent_ns, clock_ns())
        if operation.rows is not None and len(operation.rows) > ROWS_MAX:
            operation.rows = operation.rows[:ROWS_MAX]
            self._recorder.find(TOO_MANY_ROWS, request, 200, body)
        self._note(request, operation)
        expected = LIMITES[request.cliente]
        if limite != expected:
            self._recorder.find(WRONG_LIMIT, request, 200, body)
        if operation.saldo < -expected:
            self._recorder.find(BELOW_LIMIT, request, 200, body)
