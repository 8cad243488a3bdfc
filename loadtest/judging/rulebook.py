"""Rules of a contract: how every edition checks and records them."""

import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import NamedTuple, ParamSpec

from loadtest.limits import PLAIN_LINE_EVERY_S
from loadtest.report.data import Rule
from loadtest.wire.curl import shell_line
from loadtest.wire.outcome import printable
from loadtest.wire.probe import Answer, Probe
from loadtest.wire.request import Request

Asked = ParamSpec("Asked")


class Question(NamedTuple):
    """One rule: the request bytes that test it, and the statuses that satisfy it."""

    group: str
    rule: str
    data: bytes
    allowed: tuple[int, ...]
    official: bool = False


class Rulebook:
    """Asks through one probe, and records the result of each rule.

    A broken rule gets all requests of its group as lines for a shell.
    """

    def __init__(self, probe: Probe) -> None:
        self.host = probe.host
        self.rules: list[Rule] = []
        self._probe = probe
        self._group, self._whose, self._weight = "", "", 0
        self._asked: list[Sequence[Request]] = []
        self._next_line_s = monotonic() + PLAIN_LINE_EVERY_S

    def begin(self, group: str, weight: int, whose: str = "") -> None:
        """Begins a group of rules; broken rules with the lowest weight are shown first."""
        self._group, self._whose, self._weight, self._asked = group, whose, weight, []

    def attempt(
        self, ask: Callable[Asked, None], *args: Asked.args, **kwargs: Asked.kwargs
    ) -> None:
        """Checks some rules; an exception ends only these, and counts as one more broken rule."""
        try:
            ask(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the target chose the bytes
            rule = f"answers can be read ({ask.__name__.strip('_')})"
            self.add(rule, "all of them", f"{type(error).__name__}: {error}", False)

    def ask(self, request: Request) -> Answer:
        return self.ask_together([request])[0]

    def ask_together(self, requests: Sequence[Request]) -> list[Answer]:
        self._asked.append(requests)
        return self._probe.ask_together(requests)

    def add(self, rule: str, expected: str, answer: str, passed: bool, repeat: str = "") -> None:
        """Records a rule in the current group; `repeat` replaces the group's lines for a shell."""
        if passed:
            repeat = ""
        elif not repeat:
            repeat = "\n".join(map(shell_line, self._asked))
        asked = (self._group, self._whose, rule)
        # These texts quote answers: unprintable characters must not keep a report from being
        # written.
        words = (printable(expected), printable(answer))
        self.rules.append(Rule(*asked, *words, passed, self._weight, repeat))
        if monotonic() > self._next_line_s:
            self._next_line_s = monotonic() + PLAIN_LINE_EVERY_S
            broken = sum(not rule.passed for rule in self.rules)
            line = f"{len(self.rules)} rules asked, {broken} broken so far"
            print(line, file=sys.stderr, flush=True)

    def expect_status(self, rule: str, answer: Answer, allowed: Sequence[int]) -> None:
        text = "any 4xx" if len(allowed) > 4 else " or ".join(map(str, allowed))
        self.add(rule, text, self.told(answer), answer.code in allowed)

    def told(self, answer: Answer) -> str:
        """Returns an answer as text for a report."""
        return str(answer)
