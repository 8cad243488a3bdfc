"""Judges every answer of the official run as the official judge does, and counts them."""

from collections import Counter

from msgspec import Struct, field

from loadtest.crebitos.mix import DEBIT, LedgerRequest
from loadtest.crebitos.official.checks import Fault, extrato_fault, transacao_fault
from loadtest.crebitos.report import Counts
from loadtest.drive.memory import Notes
from loadtest.limits import SLOW_MS
from loadtest.measure.recorder import Recorder
from loadtest.wire.outcome import one_line
from loadtest.wire.probe import Answer
from loadtest.wire.request import Request

OVERLAP = " (the load had begun for this client: the judge counts it, though no answer is wrong)"


class Judged(Struct):
    """Counts that the worker hands to the process that writes the report."""

    counts: Counts = field(default_factory=Counts)
    failed: dict[str, int] = field(default_factory=dict)


class Judge:
    """Counts right, late and wrong answers, and keeps examples of the wrong ones."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._touched: set[int] = set()
        self._counts = Counts()
        self._failed: Counter[str] = Counter()
        self._judged = Notes[Judged](Judged)

    def load_begins_for(self, cliente: int) -> None:
        """Notes that from now on the load changes this client's balance, also during step 3."""
        self._touched.add(cliente)

    def judge(
        self, request: Request, answer: Answer, fault: Fault | None, *, overlaps: int = 0
    ) -> None:
        """Counts one answer and its fault; `overlaps` is a client whose load may be the cause."""
        counts = self._counts
        counts.total += 1
        if fault is None:
            if answer.answered_ns - answer.sent_ns >= SLOW_MS * 1_000_000:
                counts.slow += 1
            else:
                counts.ok_in_time += 1
            return
        counts.ko += 1
        counts.consistency += fault.costs
        overlapped = overlaps in self._touched
        counts.overlapped += overlapped
        # A text may quote the answer, which may hold what no report can.
        what = one_line(f"{request.kind.name}: {fault.text}{OVERLAP if overlapped else ''}")
        self._failed[what] += 1
        self.recorder.keep_example(what, request, answer.code, answer.body)

    def judge_load(self, request: LedgerRequest, answer: Answer) -> None:
        self.judge(request, answer, load_fault(request, answer))

    def leave_out(self, requests: int) -> None:
        """Counts requests that the judge leaves out after a wrong answer."""
        self._counts.left_out += requests

    def flush(self) -> None:
        self._judged.add(Judged(self._counts, dict(self._failed.most_common())))
        self._judged.flush()

    def read(self) -> Judged:
        """Returns what a finished worker counted; a worker that was killed leaves empty counts."""
        return next(iter(self._judged.read()), Judged())


def load_fault(request: LedgerRequest, answer: Answer) -> Fault | None:
    """Returns the fault that the judge finds in an answer of the load, if any."""
    if not request.delta:
        return extrato_fault(answer)
    return transacao_fault(answer, *((200, 422) if request.kind == DEBIT else (200,)))
