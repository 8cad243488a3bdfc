"""Entries of crebitos that take Idempotency-Key: right ones, and one wrong in each rule."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.help.right_entries import RightLedger
from tests.help.wired import Entry, Piece

HEADER = re.compile(rb"\r\nIdempotency-Key: ([^\r]*)\r\n")
KEY = re.compile(rb'"[ !#-\[\]-~]+"')
FORGETFUL_KEYS = 100
CONFLICT = 409, {"error": "under way"}


class Known(NamedTuple):
    """A request under a key, and its answer."""

    path: str
    body: bytes
    status: int
    content: Any


class KeyedLedger(RightLedger):
    """Keeps the answer of each key; the second request of a key waits for the first."""

    def __init__(self) -> None:
        super().__init__()
        self.key = b""
        self.known: dict[bytes, Known] = {}

    def take(self, data: bytes) -> Iterable[Piece]:
        head = data.partition(b"\r\n\r\n")[0] + b"\r\n"
        found = HEADER.search(head)
        self.key = found[1] if found else b""
        return super().take(data)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        name = self.name_of(path, body)
        if method != "POST" or not name:
            return super().answer(method, path, body)
        if not self.is_well_formed(name):
            return 400, {"error": "key"}
        if name in self.known:
            return self.repeat(self.known[name], path, body)
        status, content = super().answer(method, path, body)
        self.keep(name, Known(path, body, status, content))
        return status, content

    def name_of(self, _path: str, _body: bytes) -> bytes:
        """Returns the name under which an answer is kept; empty for a request without one."""
        return self.key

    def is_well_formed(self, name: bytes) -> bool:
        return KEY.fullmatch(name) is not None

    def repeat(self, known: Known, path: str, body: bytes) -> tuple[int, Any]:
        if (known.path, known.body) != (path, body):
            return 422, {"error": "another request"}
        return known.status, known.content

    def keep(self, name: bytes, known: Known) -> None:
        self.known[name] = known


class Conflicting(KeyedLedger):
    """Answers 409 to a request that arrives with the first one of its key."""

    CONFLICTS = 15

    def __init__(self) -> None:
        super().__init__()
        self.under_way: tuple[bytes, str, bytes] | None = None
        self.conflicts = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        asked = (self.key, path, body)
        if asked == self.under_way and self.conflicts < self.CONFLICTS:
            self.conflicts += 1
            return CONFLICT
        is_new = self.key and self.key not in self.known
        self.under_way, self.conflicts = (asked if is_new else None), 0
        return super().answer(method, path, body)


class ConflictingForEver(Conflicting):
    CONFLICTS = 1_000


class IgnoresTheKey(KeyedLedger):
    def name_of(self, _path: str, _body: bytes) -> bytes:
        return b""


class ForgetsRefusals(KeyedLedger):
    def keep(self, name: bytes, known: Known) -> None:
        if known.status == 200:
            super().keep(name, known)


class IgnoresTheBody(KeyedLedger):
    """Answers another body as the first one."""

    def repeat(self, known: Known, path: str, body: bytes) -> tuple[int, Any]:
        return super().repeat(known, path, known.body if path == known.path else body)


class IgnoresTheClient(KeyedLedger):
    """Answers another client as the first one."""

    def repeat(self, known: Known, path: str, body: bytes) -> tuple[int, Any]:
        return super().repeat(known, known.path if body == known.body else path, body)


class AppliesTwiceAtOnce(KeyedLedger):
    """Learns a key only after a request that has another: the repeats before it count again."""

    def __init__(self) -> None:
        super().__init__()
        self.learning: tuple[bytes, Known] | None = None

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if self.learning is not None and self.learning[1][:2] != (path, body):
            self.known.setdefault(*self.learning)
            self.learning = None
        return super().answer(method, path, body)

    def keep(self, name: bytes, known: Known) -> None:
        self.learning = name, known


class ForgetsEarly(KeyedLedger):
    """Keeps the newest keys only."""

    def keep(self, name: bytes, known: Known) -> None:
        super().keep(name, known)
        while len(self.known) > FORGETFUL_KEYS:
            del self.known[next(iter(self.known))]


class ComparesBodies(KeyedLedger):
    """Takes an equal request without a key for a repeat."""

    def name_of(self, path: str, body: bytes) -> bytes:
        if self.key or not path.endswith("/transacoes"):
            return self.key
        return f'"{path} {body.hex()}"'.encode()


class NamesKeysByBody(KeyedLedger):
    """Takes an equal body under another key for a repeat."""

    def name_of(self, path: str, body: bytes) -> bytes:
        if not self.key or not KEY.fullmatch(self.key):
            return self.key
        return next((key for key, one in self.known.items() if one[:2] == (path, body)), self.key)


class AnswersTheBalanceOfNow(KeyedLedger):
    def repeat(self, known: Known, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().repeat(known, path, body)
        if status == 200:
            content = content | {"saldo": self.entry.saldos[int(path.split("/")[2])]}
        return status, content


class TakesAnyKey(KeyedLedger):
    def is_well_formed(self, _name: bytes) -> bool:
        return True


class KnowsKeysPerClient(KeyedLedger):
    def name_of(self, path: str, _body: bytes) -> bytes:
        return b'"' + path.encode() + self.key[1:] if KEY.fullmatch(self.key) else self.key


class RefusesRepeats(KeyedLedger):
    """Counts once, and answers each repeat with 422."""

    def repeat(self, _known: Known, _path: str, _body: bytes) -> tuple[int, Any]:
        return 422, {"error": "known"}


RIGHT: dict[str, Callable[[], Entry]] = {
    "waits": KeyedLedger,
    "answers 409 while the first is under way": Conflicting,
}
# Each wrong entry with the rule that convicts it.
WRONG: dict[str, tuple[Callable[[], Entry], str]] = {
    "ignores the key": (IgnoresTheKey, "a credit, sent again with its key: counted once"),
    "forgets refusals": (
        ForgetsRefusals,
        "a refused debit, sent again with its key when there is money: not counted",
    ),
    "answers another body as the first": (
        IgnoresTheBody,
        "a known key with another valor should be refused",
    ),
    "answers another client as the first": (
        IgnoresTheClient,
        "a known key with another client should be refused",
    ),
    "knows keys per client": (
        KnowsKeysPerClient,
        "a known key with another client changes nothing",
    ),
    "applies twice at once": (
        AppliesTwiceAtOnce,
        "a credit 16 times at once with one key: counted once",
    ),
    "answers 409 for ever": (
        ConflictingForEver,
        "a credit 16 times at once with one key, and once more: answered",
    ),
    "forgets after 100 keys": (ForgetsEarly, "a key after 200 others: counted once"),
    "compares bodies without a key": (
        ComparesBodies,
        "two equal requests without a key count twice",
    ),
    "takes equal bodies for one key": (
        NamesKeysByBody,
        "two keys with equal bodies count twice",
    ),
    "answers the balance of now": (
        AnswersTheBalanceOfNow,
        "a credit, sent again with its key: answered as before",
    ),
    "takes any key": (TakesAnyKey, "a malformed key: no quotes"),
    "refuses repeats": (
        RefusesRepeats,
        "a debit, sent again with its key: answered as before",
    ),
}
