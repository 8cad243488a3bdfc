"""Rules of a contract: how every edition checks and records them."""

import json
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple, ParamSpec, TypeVar

from loadtest.report.data import Rule
from loadtest.report.rule_progress import RuleView
from loadtest.wire.curl import shell_line
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.outcome import printable
from loadtest.wire.probe import Answer, Probe
from loadtest.wire.request import CHECK, Address, Request, post

Asked = ParamSpec("Asked")
Read = TypeVar("Read")


class Weight(IntEnum):
    """The order of broken rules in a report: the lowest number comes first."""

    DATA = 0  # data are lost, doubled or wrong: the official judge fines it, or users lose by it
    OFFICIAL = 1  # other rules of the official run
    REST = 2


class Question(NamedTuple):
    """One rule: the request bytes that test it, and the statuses that satisfy it."""

    group: str
    rule: str
    data: bytes
    allowed: tuple[int, ...]
    official: bool = False


def bad_body_questions(
    target: Address,
    path: str,
    good: Mapping[str, object],
    field: str,
    refusals: tuple[int, ...],
    *others: tuple[str, bytes],
) -> list[Question]:
    """Returns rules about bodies that must be refused; `field` of a good one holds nested lists."""
    whole = json.dumps(good).encode()
    bodies = [
        ("an empty body", b""),
        ("JSON that is cut off", whole[:-1]),
        ("JSON followed by text", whole + b" x"),
        ("JSON with a comma too many", whole[:-1] + b",}"),
        ("a list instead of an object", b"[" + whole + b"]"),
        ("a string instead of an object", b'"regra"'),
        ("null instead of an object", b"null"),
        *others,
    ]
    deep = b'{"%s":' % field.encode() + b"[" * 2000 + b"]" * 2000 + b"}"
    return [
        *[Question("bodies", rule, post(target, path, body), refusals) for rule, body in bodies],
        Question("bodies", "2,000 nested lists", post(target, path, deep), (*refusals, 413)),
    ]


def spellings(fields: Callable[[], Mapping[str, object]]) -> list[tuple[str, bytes]]:
    """Returns rules about objects that are written as JSON in ways that mean the same."""
    texts = {
        "fields in another order": json.dumps(dict(sorted(fields().items())), ensure_ascii=False),
        "letters escaped as \\u00e7": json.dumps(fields(), ensure_ascii=True),
        "white space between": json.dumps(fields(), indent=4),
    }
    return [(rule, text.encode()) for rule, text in texts.items()]


class Rulebook:
    """Asks through one probe, and records the result of each rule.

    A broken rule gets all requests of its group as lines for a shell.
    """

    def __init__(self, probe: Probe, view: RuleView | None = None) -> None:
        self.target = probe.target
        self.rules: list[Rule] = []
        self._probe = probe
        self._group, self._whose, self._weight = "", "", 0
        self._asked: list[Sequence[Request]] = []
        self._view = view or RuleView()

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

    def ask_all(self, questions: Sequence[Question]) -> None:
        for question in questions:
            self.begin(question.group, Weight.OFFICIAL if question.official else Weight.REST)
            answer = self.ask(Request(CHECK, question.data))
            self.expect_status(question.rule, answer, question.allowed)

    def read(self, request: Request, parse: Callable[[bytes], Read]) -> tuple[str, Read | None]:
        """Returns an answer as text, and as parsed; None if it has another status or shape."""
        answer = self.ask(request)
        try:
            return str(answer), parse(answer.body) if answer.code == 200 else None
        except ContractBrokenError as broken:
            return f"{broken}: {answer}", None

    def add(
        self,
        rule: str,
        expected: str,
        answer: str,
        passed: bool | None = None,
        repeat: str = "",
    ) -> None:
        """Records a rule in the current group.

        By default it holds if both texts are equal. `repeat` replaces the group's shell lines.
        """
        passed = expected == answer if passed is None else passed
        if passed:
            repeat = ""
        elif not repeat:
            repeat = "\n".join(shell_line(self.target, asked) for asked in self._asked)
        asked = (self._group, self._whose, rule)
        # These texts quote answers: unprintable characters must not keep a report from being
        # written.
        texts = (printable(expected), printable(answer))
        self.rules.append(Rule(*asked, *texts, passed, self._weight, repeat))
        self._view.show(len(self.rules), sum(not rule.passed for rule in self.rules))

    def expect_status(self, rule: str, answer: Answer, allowed: Sequence[int]) -> None:
        text = "any 4xx" if len(allowed) > 4 else " or ".join(map(str, allowed))
        self.add(rule, text, self.describe(answer), answer.code in allowed)

    def describe(self, answer: Answer) -> str:
        """Returns an answer as text for a report."""
        return str(answer)
