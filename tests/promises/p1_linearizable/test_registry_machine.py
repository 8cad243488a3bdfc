"""Two registries on one file behave like one plain Python model."""

import datetime
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rinha.pessoas.limits import SEARCH_ROWS
from rinha.pessoas.messages import Pessoa
from rinha.pessoas.on_sqlite import SqliteRegistry
from rinha.pessoas.registry import ApelidoTakenError, UnknownPessoaError
from tests.help.effort import effort

either = st.integers(0, 1)
# Few letters, so that apelidos are taken and terms are found. Some fold, or have a meaning in SQL
# or in JSON.
letters = st.sampled_from('aAbBéÉßİ%_" \\\x00😀')
apelidos = st.text(letters, max_size=3) | st.text(letters, max_size=32)
words = st.text(letters, max_size=8)
stacks = st.none() | st.lists(st.text(letters, max_size=4), max_size=4)
days = st.dates()


class TwoRegistries(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "rinha.db"
        self.registries = [self.opened(), self.opened()]
        self.people: dict[str, Pessoa] = {}

    def opened(self) -> SqliteRegistry:
        return SqliteRegistry(self.file, synchronous="NORMAL", lock_wait_s=1)

    @rule(which=either, apelido=apelidos, nome=words, nascimento=days, stack=stacks)
    def add(
        self,
        which: int,
        apelido: str,
        nome: str,
        nascimento: datetime.date,
        stack: list[str] | None,
    ) -> None:
        pessoa = Pessoa(apelido, nome, nascimento, stack)
        try:
            added = self.registries[which].add(pessoa)
        except ApelidoTakenError:
            assert any(one.apelido == apelido for one in self.people.values())
        else:
            assert all(one.apelido != apelido for one in self.people.values())
            self.people[added.id] = pessoa

    @rule(which=either, apelido=apelidos, count=st.integers(60, 70))
    def add_many(self, which: int, apelido: str, count: int) -> None:
        """Adds many people, so that blocks of the search fill, and begin and end at any of them."""
        day = datetime.date(2000, 1, 1)
        for number in range(count):
            self.add(which, f"{apelido[:20]}{len(self.people)}-{number}", "ab", day, None)

    @rule(which=either, termo=words.filter(bool))
    def search(self, which: int, termo: str) -> None:
        sought = termo.casefold()
        expected = [
            (id_, one.apelido)
            for id_, one in self.people.items()
            if any(
                sought in word.casefold() for word in (one.apelido, one.nome, *(one.stack or ()))
            )
        ]
        found = [(one.id, one.apelido) for one in self.registries[which].search(termo)]
        assert found == expected[:SEARCH_ROWS]

    @precondition(lambda self: self.people)
    @rule(which=either, place=st.integers(0, 10_000))
    def find(self, which: int, place: int) -> None:
        id_ = list(self.people)[place % len(self.people)]
        found, pessoa = self.registries[which].find(id_), self.people[id_]
        assert (found.apelido, found.nome) == (pessoa.apelido, pessoa.nome)
        assert found.nascimento == pessoa.nascimento.isoformat()

    @rule(which=either)
    def find_nobody(self, which: int) -> None:
        try:
            self.registries[which].find("01a2106d-553f-7a83-b249-9097f91a872a")
        except UnknownPessoaError:
            return
        raise AssertionError("somebody was found")

    @rule(which=either)
    def restart(self, which: int) -> None:
        self.registries[which].close()
        self.registries[which] = self.opened()
        self.registries[which].get_ready()

    @rule(which=either)
    def reset(self, which: int) -> None:
        self.registries[which].reset()
        self.people = {}

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        assert self.registries[0].audit() == ([], len(self.people))
        assert self.registries[1].count() == len(self.people)

    def teardown(self) -> None:
        for registry in self.registries:
            registry.close()
        self.folder.cleanup()


TestTwoRegistries = TwoRegistries.TestCase
TestTwoRegistries.settings = settings(
    max_examples=effort(40, 40, 1_000), stateful_step_count=30, print_blob=True
)
