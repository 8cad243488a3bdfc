"""The contract: its constants, and the parsers of its answers."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from loadtest.limits import LOCATION_BYTES_MAX, ROWS_READ_MAX
from loadtest.wire.document import ContractBrokenError, read_document

APELIDO_MAX = 32
NOME_MAX = 100
ELEMENT_MAX = 32
ROWS_MAX = 50  # people in the answer to a search

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOCATION = re.compile(rb"(?im)^location:[ \t]*(\S+)[ \t]*\r?$")
_PATH_LETTERS = "".join(map(chr, range(0x21, 0x7F)))
_ID = re.compile(r"[!-~]{1,100}")  # an id is part of a path
_COUNT = re.compile(rb"\d{1,15}")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Pessoa(NamedTuple):
    """A person as sent, or as shown."""

    apelido: str
    nome: str
    nascimento: str
    stack: tuple[str, ...] | None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that a search looks into."""
        return (self.apelido, self.nome, *(self.stack or ()))

    def has(self, folded: str) -> bool:
        return any(folded in text.casefold() for text in self.texts)


def broken_rule(fields: Mapping[str, Any]) -> str:
    """Returns the first rule that these fields break, or an empty string."""
    for name, longest in (("apelido", APELIDO_MAX), ("nome", NOME_MAX)):
        value = fields.get(name)
        if not isinstance(value, str):
            return f"{name} is no string"
        if len(value) > longest:
            return f"{name} is longer than {longest} characters"
    if not _is_day(fields.get("nascimento")):
        return "nascimento is no day"
    return _broken_stack(fields.get("stack"))


def _broken_stack(stack: object) -> str:
    if stack is None:
        return ""
    if not isinstance(stack, list) or not all(isinstance(one, str) for one in stack):
        return "stack is no list of strings"
    if any(len(one) > ELEMENT_MAX for one in stack):
        return f"an element of stack is longer than {ELEMENT_MAX} characters"
    return ""


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def pessoa_of(fields: Mapping[str, Any]) -> Pessoa:
    """Returns the person of fields that break no rule."""
    stack = fields.get("stack")
    return Pessoa(
        fields["apelido"],
        fields["nome"],
        fields["nascimento"],
        None if stack is None else tuple(stack),
    )


def read_pessoa(body: bytes) -> tuple[str, Pessoa]:
    """Returns id and person from the answer to a detail."""
    return _shown(read_document(body))


def read_pessoas(body: bytes) -> list[tuple[str, Pessoa]]:
    """Returns id and person of everyone whom a search shows."""
    answer = read_document(body)
    if not isinstance(answer, list):
        raise ContractBrokenError("the answer to a search is not a list")
    if len(answer) > ROWS_READ_MAX:
        raise ContractBrokenError(f"a search shows more than {ROWS_READ_MAX} people")
    return [_shown(one) for one in answer]


def read_count(body: bytes) -> int:
    text = body.strip()
    if not _COUNT.fullmatch(text):
        raise ContractBrokenError("the count is not a number in plain text")
    return int(text)


def _shown(answer: Any) -> tuple[str, Pessoa]:
    if not isinstance(answer, dict):
        raise ContractBrokenError("a person is not a JSON object")
    missing = [name for name in ("id", *Pessoa._fields) if name not in answer]
    if missing:
        raise ContractBrokenError(f"a person is shown without `{missing[0]}`")
    broken = broken_rule(answer)
    if broken:
        raise ContractBrokenError(f"a person is shown whose {broken}")
    if not isinstance(answer["id"], str):
        raise ContractBrokenError("a person's `id` is not a string")
    if not _ID.fullmatch(answer["id"]):
        raise ContractBrokenError("a person's `id` cannot stand in a path")
    return answer["id"], pessoa_of(answer)


def parted(answer: bytes) -> tuple[bytes, bytes]:
    """Splits a whole answer into head and body."""
    head, *body = _END_OF_HEAD.split(answer, maxsplit=1)
    return head, body[0] if body else b""


def location_of(answer: bytes) -> str:
    """Returns the path in the Location of a whole answer, or an empty string."""
    found = _LOCATION.search(parted(answer)[0])
    if found is None or len(found[1]) > LOCATION_BYTES_MAX:
        return ""
    try:
        parts = urlsplit(found[1].decode("latin-1"))
    except ValueError:
        return ""
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # Bytes that a path may not have would end the request line, or not be text.
    return quote(path, safe=_PATH_LETTERS, encoding="latin-1")
