"""Wrong entries of pessoas: people, searches, the count, and the Location header."""

import json
from typing import Any

from tests.help import wrong_bytes
from tests.help.right_entries import RightRegistry
from tests.help.wrong_kinds import Kind, answering, planted, sending, writing


class Forgets(RightRegistry):
    """Forgets an acknowledged person when their number would be a multiple of five."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().answer(method, path, body)
        if status == 201 and len(self.entry.people) % 5 == 0:
            id_ = list(self.entry.people)[-1]
            del self.entry.people[id_], self.entry.words[id_]
        return status, content


class NotUnique(RightRegistry):
    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        self.entry.apelidos.clear()
        return super().answer(method, path, body)


class TakesBadPeople(RightRegistry):
    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().answer(method, path, body)
        if method == "POST" and status in {400, 422}:
            self.headers.append("Location: /pessoas/1")
            return 201, None
        return status, content


def _located(location: str) -> type[RightRegistry]:
    class Located(RightRegistry):
        def located(self, _location: str) -> str:
            return location

    return Located


def _of(path: str, change: Any) -> Any:
    """Makes entries whose answers of 200 under a path have the content change(content)."""

    def bend(entry: Any, status: int, content: Any) -> tuple[int, Any]:
        is_it = entry.method == "GET" and entry.path.startswith(path)
        return status, change(content) if status == 200 and is_it else content

    return answering(bend, RightRegistry)


def _status(of: int, becomes: int) -> Any:
    def bend(entry: Any, status: int, content: Any) -> tuple[int, Any]:
        bent = status == of and not entry.path.startswith("/contagem")
        return becomes if bent else status, content

    return answering(bend, RightRegistry)


def _shown(**changes: Any) -> Any:
    return _of("/pessoas/", lambda pessoa: {**pessoa, **changes})


def _count(text: str) -> Any:
    return _of("/contagem-pessoas", lambda _: text)


SOMEBODY = {"id": "1", "apelido": "a", "nome": "n", "nascimento": "2000-01-01", "stack": None}
CROWD = json.dumps([SOMEBODY] * 5_000).encode()
KINDS: dict[str, Kind] = {
    "forgets one of five": Kind(Forgets),
    "adds an apelido again": Kind(NotUnique, ("check",)),
    "takes bad people": Kind(TakesBadPeople, ("check",)),
    "refuses everybody": Kind(answering(lambda entry, status, content: (
        (422, None) if entry.method == "POST" else (status, content)), RightRegistry)),
    "answers a post with 200": Kind(_status(201, 200)),
    "answers 500 to everything but the count": Kind(
        answering(lambda entry, status, content: (
            (status, content) if entry.path.startswith("/contagem") else (500, None)
        ), RightRegistry)),
    "finds no person": Kind(_of("/pessoas?", lambda _: []), ("check",)),
    "finds a stranger": Kind(_of("/pessoas?", lambda found: [*found, SOMEBODY])),
    "finds 5,000": Kind(_of("/pessoas?", lambda _: CROWD)),
    "finds 51": Kind(planted("rows_51", RightRegistry), ("check",)),
    "finds by wildcards": Kind(planted("wildcards", RightRegistry), ("check",)),
    "finds across words": Kind(planted("across_words", RightRegistry), ("check",)),
    "hides who has no stack": Kind(planted("null_hidden", RightRegistry), ("check",)),
    "folds apelidos": Kind(planted("folded_apelidos", RightRegistry), ("check",)),
    "takes a thirteenth month": Kind(planted("month_13", RightRegistry), ("check",)),
    "counts bytes": Kind(planted("bytes_counted", RightRegistry), ("check",)),
    "sorts stacks": Kind(planted("stack_sorted", RightRegistry)),
    "shows another name": Kind(_shown(nome="Outra")),
    "shows no name": Kind(_shown(nome=None)),
    "shows an id with a line feed": Kind(_shown(id="1\nHost: there")),
    "shows an id of half a character": Kind(_shown(id="\ud800")),
    "shows names with escape sequences": Kind(_shown(nome="\x1b[2J\x1b]52;c;A\7")),
    "shows names of half characters": Kind(_shown(nome="\udfff\ud800")),
    "shows a list": Kind(_of("/pessoas/", lambda pessoa: [pessoa])),
    "shows no person": Kind(_status(200, 404)),
    "counts one more": Kind(
        _of("/contagem-pessoas", lambda text: str(int(text) * 2 + (text != "0")))
    ),
    "counts in 5,000 digits": Kind(_count("9" * 5_000)),
    "counts in words": Kind(_count("many")),
    "counts in JSON": Kind(_count('{"count": 1}')),
    "counts less than none": Kind(_count("-1")),
    "is nowhere": Kind(_located("")),
    "is at half an address": Kind(_located("http://[x")),
    "is at an address of bytes": Kind(_located("/pessoas/\xff\x00\x1b[2J")),
    "is at an address of 5,000 letters": Kind(_located("/pessoas/" + "x" * 5_000)),
    "is at another's address": Kind(_located("/contagem-pessoas")),
    "JSON 200,000 deep": Kind(writing(wrong_bytes.nested, RightRegistry)),
    "bytes that are no text": Kind(writing(lambda _: b'["\xff"]', RightRegistry)),
    "half a character alone": Kind(writing(lambda _: b'"\\ud800"', RightRegistry)),
    "length of 5,000 digits": Kind(sending(
        lambda *_: [wrong_bytes.head(b"Content-Length: " + wrong_bytes.DIGITS)], RightRegistry)),
    "chunks without an end": Kind(sending(
        lambda *_: wrong_bytes.for_ever(wrong_bytes.CHUNKED, wrong_bytes.CHUNK), RightRegistry)),
    "closes without a word": Kind(sending(lambda *_: [None], RightRegistry)),
    "says nothing": Kind(sending(lambda *_: [], RightRegistry), slow=True),
}  # fmt: skip
