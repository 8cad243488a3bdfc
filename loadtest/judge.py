"""Judges every answer of the official run as the official judge does, and keeps the count.

Imports contract, limits, mix, outcome, probe and recorder.
"""

from typing import Any

from loadtest.contract import LIMITES, ContractBrokenError, read_extrato, read_saldo
from loadtest.limits import EXAMPLES_PER_FAILURE, SLOW_MS
from loadtest.mix import Request
from loadtest.outcome import Kind, outcome_name
from loadtest.probe import Answer
from loadtest.recorder import shown

BELOW_LIMIT = "balance below -limite"


class Judge:
    """Counts answers that are right and in time, and keeps examples of the others."""

    def __init__(self) -> None:
        self._touched: set[int] = set()
        self._counts = _no_counts()
        self._examples: list[dict[str, str]] = []
        self._seen: dict[str, int] = {}

    def load_begins_for(self, client: int) -> None:
        """From here on the load moves this client's balance under step 3's feet."""
        self._touched.add(client)

    def judge(
        self,
        request: Request,
        answer: Answer,
        trouble: str | None,
        *,
        is_consistency: bool = False,
        overlaps: bool = False,
    ) -> None:
        """Counts one answer; `trouble` says what is wrong with it, or None."""
        counts = self._counts
        counts["total"] += 1
        if trouble is None:
            slow = answer.answered_ns - answer.sent_ns >= SLOW_MS * 1_000_000
            counts["slow" if slow else "ok_in_time"] += 1
            return
        counts["ko"] += 1
        counts["consistency"] += is_consistency
        if overlaps and request.client in self._touched:
            counts["overlapped"] += 1
            trouble += " (the load had begun for this client: the judge counts it, nobody is wrong)"
        self._keep_example(request, answer, trouble)

    def judge_load(self, request: Request, answer: Answer) -> None:
        trouble, is_consistency = load_trouble(request, answer)
        self.judge(request, answer, trouble, is_consistency=is_consistency)

    def take(self) -> dict[str, Any]:
        taken = {"official": self._counts, "broken_checks": self._examples}
        self._counts, self._examples = _no_counts(), []
        return taken

    def _keep_example(self, request: Request, answer: Answer, trouble: str) -> None:
        name = f"{request.kind.name.lower()}: {trouble}"
        seen = self._seen.get(name, 0)
        if seen < EXAMPLES_PER_FAILURE:
            self._seen[name] = seen + 1
            text = f"{outcome_name(answer.code)} {shown(answer.body)}"
            example = {"what": name, "request": shown(request.data), "answer": text}
            self._examples.append(example)


def _no_counts() -> dict[str, int]:
    return dict.fromkeys(("total", "ok_in_time", "slow", "ko", "consistency", "overlapped"), 0)


def load_trouble(request: Request, answer: Answer) -> tuple[str | None, bool]:
    """What the judge finds wrong with an answer of the load, and whether it costs 803.01 USD."""
    if answer.code == 422 and request.kind == Kind.DEBIT:
        return None, False
    if answer.code != 200:
        allowed = "200 or 422" if request.kind == Kind.DEBIT else "200"
        return f"status must be {allowed}", False
    try:
        if request.asks_statement:
            extrato = read_extrato(answer.body)
            limite, saldo = extrato.limite, extrato.total
        else:
            limite, saldo = read_saldo(answer.body)
    except ContractBrokenError as broken:
        return str(broken), False
    if saldo < -limite or saldo < -LIMITES[request.client]:
        return BELOW_LIMIT, True
    return None, False
