"""A small correct entry of pessoas, and the faults that a test can plant in it.

One process answers as two instances would.
"""

import asyncio
import json
import re
import time
import uuid
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loadtest.entry_server import Answer, Entry, run

FAULTS = (
    "none",
    "folded_apelidos",
    "month_13",
    "bytes_counted",
    "null_hidden",
    "wildcards",
    "across_words",
    "answer_before_write",
    "apelido_twice",
    "stale_search",
    "rows_51",
    "stack_sorted",
    "slow_twins",
    "count_cached",
    "five_hundred",
    "stale_detail",
)
LATE_S = 0.25  # lag of the simulated second instance
BETWEEN = "\udcff"  # separator: a lone surrogate, which no UTF-8 text contains


class Registry(Entry):
    """People in order of arrival."""

    def __init__(self, fault: str, seed: int) -> None:
        super().__init__(fault, seed)
        self.people: dict[str, dict[str, Any]] = {}
        # Searchable text of each person, case-folded.
        self.words: dict[str, str] = {}
        self.apelidos: set[str] = set()
        self.moments: dict[str, float] = {}
        self.counted = (0.0, 0)
        self.posts = 0
        self.refusals = 0

    async def add(self, body: bytes) -> Answer:
        status, fields = self.read(body)
        if fields is None:
            return Answer(status, {"error": "campos"})
        self.posts += 1
        if self.fault == "five_hundred" and self.posts % 100 == 0:
            return Answer(500, {"error": "oops"})
        apelido = fields["apelido"]
        key = apelido.lower() if self.fault == "folded_apelidos" else apelido
        is_taken = key in self.apelidos
        if self.fault == "slow_twins":
            # Read, wait, write: two concurrent posts both find the apelido free.
            await asyncio.sleep(0.001)
        if is_taken:
            self.refusals += 1
            # Accepts the first duplicate too: a run of four seconds may have only a few.
            if not (self.fault == "apelido_twice" and self.refusals % 5 == 1):
                return Answer(422, {"error": "apelido"})
        id_ = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        if not (self.fault == "answer_before_write" and self.posts % 50 == 0):
            self.apelidos.add(key)
            self.people[id_] = {"id": id_, **fields}
            self.moments[id_] = time.monotonic()
            between = "" if self.fault == "across_words" else BETWEEN
            words = (apelido, fields["nome"], *(fields["stack"] or ()))
            self.words[id_] = between.join(words).casefold()
        return Answer(201, None, f"/pessoas/{id_}")

    def read(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        try:
            sent = json.loads(body.decode(), parse_constant=lambda _: None)
            fields = {name: sent.get(name) for name in ("apelido", "nome", "nascimento", "stack")}
        except (ValueError, AttributeError, RecursionError):
            return 400, None
        strings = [fields[name] for name in ("apelido", "nome", "nascimento")]
        if any(not isinstance(one, str) for one in strings):
            return 422 if None in strings else 400, None
        stack = fields["stack"]
        if stack is not None and not (
            isinstance(stack, list) and all(isinstance(one, str) for one in stack)
        ):
            return 400, None
        bounds = [(fields["apelido"], 32), (fields["nome"], 100)]
        bounds += [(one, 32) for one in stack or ()]
        if any(self.length(text) > most for text, most in bounds):
            return 422, None
        if not self.is_day(fields["nascimento"]):
            return 422, None
        if self.fault == "stack_sorted" and stack:
            fields["stack"] = sorted(stack)
        return 201, fields

    def length(self, text: str) -> int:
        return len(text.encode(errors="replace") if self.fault == "bytes_counted" else text)

    def is_day(self, text: str) -> bool:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return False
        if self.fault == "month_13" and text[5:7] == "13":
            return True
        try:
            date.fromisoformat(text)
        except ValueError:
            return False
        return True

    def find(self, id_: str) -> Answer:
        found = self.people.get(id_)
        if found is None or (self.fault == "stale_detail" and self.is_late(id_)):
            return Answer(404, {"error": "id"})
        return Answer(200, found)

    def is_late(self, id_: str) -> bool:
        """Returns True for a random half of the reads that come within LATE_S of the post."""
        return time.monotonic() - self.moments[id_] < LATE_S and self.random.random() < 0.5

    def search(self, query: str) -> Answer:
        asked = dict(parse_qsl(query, errors="strict"))
        if "t" not in asked:
            return Answer(400, {"error": "t"})
        most = 51 if self.fault == "rows_51" else 50
        found: list[object] = []
        sought = asked["t"].casefold()
        for id_, pessoa in self.people.items():
            if self.has(id_, sought):
                if self.fault == "stale_search" and self.is_late(id_):
                    continue
                found.append(pessoa)
                if len(found) == most:
                    break
        return Answer(200, found)

    def has(self, id_: str, sought: str) -> bool:
        if self.fault == "null_hidden" and self.people[id_]["stack"] is None:
            return False
        if self.fault == "wildcards" and ("%" in sought or "_" in sought):
            shape = re.escape(sought).replace("%", ".*").replace("_", ".")
            return any(re.search(shape, word) for word in self.words[id_].split(BETWEEN))
        return sought in self.words[id_]

    def count(self) -> Answer:
        now = time.monotonic()
        if self.fault != "count_cached" or now > self.counted[0]:
            self.counted = (now + 1.0, len(self.people))
        return Answer(200, str(self.counted[1]))

    async def answer(self, method: str, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        path = parts.path
        if (method, path) == ("POST", "/pessoas"):
            return await self.add(body)
        if (method, path) == ("POST", "/reset"):
            self.__init__(self.fault, self.random.getrandbits(32))  # type: ignore[misc]
            return Answer(200, {})
        if method == "GET" and path == "/pessoas":
            return self.search(parts.query)
        if method == "GET" and path == "/contagem-pessoas":
            return self.count()
        if method == "GET" and path.startswith("/pessoas/"):
            return self.find(path.removeprefix("/pessoas/"))
        return Answer(404, {"error": "caminho"})


if __name__ == "__main__":
    run(Registry, FAULTS)
