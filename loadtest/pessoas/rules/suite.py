"""This edition's suite of rules, and the requests that many rules share."""

import json
import string
from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Any

from loadtest.judging.rulebook import Rulebook
from loadtest.pessoas.contract import (
    Pessoa,
    location_of,
    parted,
    read_count,
    read_pessoa,
    read_pessoas,
)
from loadtest.pessoas.mix import PessoaRequest, count, detail, post_of, search
from loadtest.pessoas.payloads import Payload
from loadtest.report.rule_progress import RuleView
from loadtest.wire.outcome import STATUS_FIRST, outcome_name, shown
from loadtest.wire.probe import Answer, Probe

TAG_LETTERS = 8


class Suite(Rulebook):
    """A rulebook with random names, because people that are added stay in the service.

    A seed would repeat the names of an earlier check, which are taken.
    """

    def __init__(self, probe: Probe, view: RuleView | None = None) -> None:
        super().__init__(probe, view)
        self._random = SystemRandom()

    def tag(self) -> str:
        """Returns random letters of both cases, which no other person's words contain."""
        return "".join(self._random.choices(string.ascii_letters, k=TAG_LETTERS))

    def fields(self, **changes: Any) -> dict[str, Any]:
        """Returns the fields of a new right person, with the changes."""
        ours = {"apelido": self.tag(), "nome": "Regra", "nascimento": "1985-09-23", "stack": ["C#"]}
        return ours | changes

    def describe(self, answer: Answer) -> str:
        """Returns an answer as text; of a post's head only the Location is shown."""
        if answer.code < STATUS_FIRST:
            return str(answer)
        head, body = parted(answer.body)
        if not head.startswith(b"HTTP/"):
            return str(answer)
        location = location_of(answer.body)
        where = f" Location: {location}" if location else ""
        return f"{outcome_name(answer.code)}{where} {shown(body)}".rstrip()

    def post(self, fields: Mapping[str, Any], *, reuse: bool = True) -> PessoaRequest:
        return self.post_body(json.dumps(fields, ensure_ascii=False).encode(), reuse=reuse)

    def post_body(self, body: bytes, *, reuse: bool = True) -> PessoaRequest:
        return post_of(self.target, Payload(body, None, ""), -1, reuse=reuse)

    def person(self, path: str, *, reuse: bool = True) -> tuple[str, Pessoa | None]:
        """Returns the person at a path: as text, and as a Pessoa or None."""
        text, shown = self.read(detail(self.target, path, -1, reuse=reuse), read_pessoa)
        if shown is None:
            return text, None
        return f"200 {json.dumps(shown[1]._asdict(), ensure_ascii=False)}", shown[1]

    def found(self, termo: str, *, reuse: bool = True) -> tuple[str, list[str] | None]:
        """Returns the apelidos that a search shows: as text, and as a list or None."""
        text, shown = self.read(search(self.target, termo, reuse=reuse), read_pessoas)
        if shown is None:
            return text, None
        apelidos = [pessoa.apelido for _, pessoa in shown]
        return found_text(apelidos), apelidos

    def count(self) -> int | None:
        return self.read(count(self.target), read_count)[1]

    def add_person(self, fields: Mapping[str, Any]) -> str:
        """Adds a person for a rule; returns the path, or an empty string."""
        return location_of(self.ask(self.post(fields)).body)


def found_text(apelidos: Sequence[str]) -> str:
    """Returns the result of a search as text, with the first three apelidos."""
    named = f": {', '.join(apelidos[:3])}" if apelidos else ""
    return f"200, {len(apelidos)} people{named}"
