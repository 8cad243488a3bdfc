"""Rules about added people: each is shown as sent, and each apelido is unique."""

import json
from typing import Any

from loadtest.judging.rulebook import Weight, spellings
from loadtest.pessoas.contract import location_of, pessoa_of
from loadtest.pessoas.rules.suite import Suite
from loadtest.report.tables import count_text

# Changes to a right person that must be accepted and shown.
ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("stack null", {"stack": None}),
    ("stack empty", {"stack": []}),
    ("stack with repeats", {"stack": ["Go", "C#", "Go"]}),
    ("26 elements of stack", {"stack": ["C++"] * 26}),
    ("nome of 100 characters", {"nome": "n" * 100}),
    ("nome of 100 characters of two bytes", {"nome": "ç" * 100}),
    ("an element of 32 characters of four bytes", {"stack": ["🦀" * 32]}),
    ("nascimento on February 29", {"nascimento": "2020-02-29"}),
    ("a quote and a backslash", {"nome": 'a"b\\c/d', "stack": ['"', "\\"]}),
]


def ask_accepted(suite: Suite, *, strict: bool) -> None:
    """Checks that right people get 201 with a Location, which shows the person as sent."""
    _ask_one(suite, "a person with everything", suite.fields(stack=["C#", "Node"]))
    if not strict:
        return
    for rule, changes in ACCEPTED:
        _ask_one(suite, rule, suite.fields(**changes))
    tag = suite.tag()
    long = tag + "x" * (32 - len(tag))
    _ask_one(suite, "apelido of 32 characters", suite.fields(apelido=long))
    wide = tag + "😀" * (32 - len(tag))
    _ask_one(suite, "apelido of 32 characters, 24 of four bytes", suite.fields(apelido=wide))
    _ask_spellings(suite)


def _ask_one(suite: Suite, rule: str, fields: dict[str, Any]) -> None:
    suite.begin("people", Weight.OFFICIAL)
    answer = suite.ask(suite.post(fields))
    path = location_of(answer.body)
    added = answer.code == 201 and path != ""
    suite.add(f"{rule}: added", "201 with a Location", suite.describe(answer), added)
    if not added:
        return
    sent = pessoa_of(fields)
    text, shown = suite.person(path, reuse=False)
    expected = json.dumps(sent._asdict(), ensure_ascii=False)
    suite.add(f"{rule}: shown as sent", f"200 {expected}", text, shown == sent)


def _ask_spellings(suite: Suite) -> None:
    """Checks that one person may be written as JSON in several ways."""
    missing = suite.fields()
    del missing["stack"]
    bodies = [("without stack", json.dumps(missing).encode())]
    for rule, body in bodies + spellings(lambda: suite.fields(nome="çá")):
        suite.begin("people", Weight.REST)
        suite.expect_status(rule, suite.ask(suite.post_body(body)), (201,))


def ask_apelidos(suite: Suite) -> None:
    """Checks that an apelido is unique, and compared exactly."""
    suite.begin("apelidos", Weight.DATA)
    fields = suite.fields(apelido=suite.tag())
    suite.add_person(fields)
    again = suite.ask(suite.post(fields | {"nome": "Outra"}))
    suite.expect_status("one that is taken", again, (422, 400))
    taken = fields["apelido"]
    for rule, apelido in (
        ("in another case", taken.swapcase()),
        ("with an accent", f"{taken[:-1]}é"),
    ):
        suite.begin("apelidos", Weight.DATA)
        suite.add_person(fields)
        other = suite.ask(suite.post(fields | {"apelido": apelido}))
        suite.expect_status(f"one that is taken only {rule}", other, (201,))


def ask_count(suite: Suite) -> None:
    """Checks that the count is plain text, and up to date."""
    suite.begin("count", Weight.DATA)
    before = suite.count()
    suite.add("a number in plain text", "200 and a number", count_text(before), before is not None)
    if before is None:
        return
    for _ in range(20):
        suite.add_person(suite.fields())
    after = suite.count()
    suite.add("20 more after 20 more", f"{before + 20:,}", count_text(after))
