"""Counts what happened, second by second, while the load runs."""

from collections import defaultdict
from typing import Any

from loadtest.crebitos.mix import Request
from loadtest.limits import EXAMPLE_BYTES_MAX, EXAMPLES_PER_FAILURE
from loadtest.measure.histogram import EXACT_BELOW_US, bucket_us
from loadtest.wire.outcome import STATUS_BITS, is_fine, outcome_name


class Cell:
    """Service and response times of one kind and outcome within one second."""

    __slots__ = ("response", "service")

    def __init__(self) -> None:
        self.service: dict[int, int] = defaultdict(int)
        self.response: dict[int, int] = defaultdict(int)


class Recorder:
    """The running second; `take` hands it over and begins the next.

    The counting stands in line, twice, because a call for each would cost more than it does.
    """

    def __init__(self) -> None:
        self._cells: dict[int, Cell] = {}
        self._late: dict[int, int] = defaultdict(int)
        self._findings: dict[str, int] = {}
        self._examples: list[dict[str, str]] = []
        self._examples_seen: dict[str, int] = {}
        self.sent = 0
        self.held = 0

    def record(
        self, request: Request, code: int, due_ns: int, sent_ns: int, answered_ns: int
    ) -> None:
        """Counts one outcome under its kind, with the time since sent and since due."""
        cell = self._cells.get(request.key + code)
        if cell is None:
            cell = self._cells[request.key + code] = Cell()
        us = (answered_ns - sent_ns) // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        cell.service[us] += 1
        us = (answered_ns - due_ns) // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        cell.response[us] += 1

    def record_sending(self, late_ns: int) -> None:
        """Counts one request sent, and how late this generator was with it."""
        self.sent += 1
        us = late_ns // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        self._late[us] += 1

    def record_failure(self, request: Request, code: int, body: bytes) -> None:
        """Keeps an example when the outcome is not what load should get."""
        if not is_fine(request.kind, code):
            self._keep_example(f"{request.kind.name.lower()}: {outcome_name(code)}", request, body)

    def find(self, text: str, request: Request, body: bytes) -> None:
        """Counts an answer that breaks the contract, under what is wrong with it."""
        self._findings[text] = self._findings.get(text, 0) + 1
        self._keep_example(text, request, body)

    def take(self) -> dict[str, Any]:
        """Everything since the last take, as plain data."""
        taken = {
            "cells": [
                [key >> STATUS_BITS, key & (1 << STATUS_BITS) - 1, *_pairs(cell)]
                for key, cell in self._cells.items()
            ],
            "late": list(self._late.items()),
            "findings": self._findings,
            "examples": self._examples,
            "sent": self.sent,
            "held": self.held,
        }
        self._cells, self._late, self._findings, self._examples = {}, defaultdict(int), {}, []
        self.sent = self.held = 0
        return taken

    def _keep_example(self, text: str, request: Request, body: bytes) -> None:
        seen = self._examples_seen.get(text, 0)
        if seen < EXAMPLES_PER_FAILURE:
            self._examples_seen[text] = seen + 1
            example = {"what": text, "request": shown(request.data), "answer": shown(body)}
            self._examples.append(example)


def shown(data: bytes) -> str:
    """Bytes as a person can read them, cut to a sane length."""
    text = data[:EXAMPLE_BYTES_MAX].decode(errors="backslashreplace")
    more = len(data) - EXAMPLE_BYTES_MAX
    return f"{text} … and {more} bytes more" if more > 0 else text


def _pairs(cell: Cell) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return list(cell.service.items()), list(cell.response.items())
