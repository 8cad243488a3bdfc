"""Judges every answer of the official run as the official judge does, and keeps the count."""

from collections import Counter
from typing import Any

from loadtest.crebitos.mix import Request
from loadtest.crebitos.official.checks import Trouble, statement_trouble, transaction_trouble
from loadtest.limits import EXAMPLES_PER_FAILURE, SLOW_MS
from loadtest.measure.recorder import shown
from loadtest.wire.outcome import Kind, outcome_name
from loadtest.wire.probe import Answer

OVERLAP = " (the load had begun for this client: the judge counts it, nobody is wrong)"


class Judge:
    """Counts answers that are right and in time, and keeps examples of the others."""

    def __init__(self) -> None:
        self._touched: set[int] = set()
        self._counts = _no_counts()
        self._examples: list[dict[str, str]] = []
        self._failed: Counter[str] = Counter()
        self._shown: Counter[str] = Counter()

    def load_begins_for(self, client: int) -> None:
        """From here on the load moves this client's balance under step 3's feet."""
        self._touched.add(client)

    def judge(
        self, request: Request, answer: Answer, trouble: Trouble | None, *, overlaps: bool = False
    ) -> None:
        """Counts one answer, with what is wrong with it."""
        counts = self._counts
        counts["total"] += 1
        if trouble is None:
            slow = answer.answered_ns - answer.sent_ns >= SLOW_MS * 1_000_000
            counts["slow" if slow else "ok_in_time"] += 1
            return
        counts["ko"] += 1
        counts["consistency"] += trouble.costs
        overlapped = overlaps and request.client in self._touched
        counts["overlapped"] += overlapped
        self._keep_failure(request, answer, trouble.text + (OVERLAP if overlapped else ""))

    def judge_load(self, request: Request, answer: Answer) -> None:
        self.judge(request, answer, load_trouble(request, answer))

    def leave_out(self, requests: int) -> None:
        """What the judge does not ask any more, after an answer that was wrong."""
        self._counts["left_out"] += requests

    def take(self) -> dict[str, Any]:
        taken = {
            "official": self._counts,
            "failed_checks": dict(self._failed),
            "broken_checks": self._examples,
        }
        self._counts, self._examples = _no_counts(), []
        self._failed.clear()
        return taken

    def _keep_failure(self, request: Request, answer: Answer, trouble: str) -> None:
        name = f"{request.kind.name.lower()}: {trouble}"
        self._failed[name] += 1
        if self._shown[name] < EXAMPLES_PER_FAILURE:
            self._shown[name] += 1
            text = f"{outcome_name(answer.code)} {shown(answer.body)}"
            example = {"what": name, "request": shown(request.data), "answer": text}
            self._examples.append(example)


def _no_counts() -> dict[str, int]:
    names = ("total", "ok_in_time", "slow", "ko", "consistency", "overlapped", "left_out")
    return dict.fromkeys(names, 0)


def load_trouble(request: Request, answer: Answer) -> Trouble | None:
    """What the judge finds wrong with an answer of the load."""
    if request.asks_statement:
        return statement_trouble(answer)
    return transaction_trouble(answer, *((200, 422) if request.kind == Kind.DEBIT else (200,)))
