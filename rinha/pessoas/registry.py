"""What the routes ask of a registry of people, whichever engine keeps it."""

from collections.abc import Sequence
from typing import Protocol

from rinha.errors import NotFoundError, RuleBrokenError
from rinha.pessoas.messages import Pessoa, PessoaCadastrada
from rinha.store import Store, Table

TABLES = (
    Table(
        "pessoas",
        {
            "numero": int,
            "id": str,
            "apelido": str,
            "nome": str,
            "nascimento": str,
            # Or nothing.
            "stack": str,
        },
        ("numero",),
        starts_empty=True,
    ),
)


class UnknownPessoaError(NotFoundError):
    """There is no such person."""


class ApelidoTakenError(RuleBrokenError):
    """Somebody has this apelido already."""


class Registry(Store, Protocol):
    def get_ready(self) -> None:
        """Before the first request: so that no search waits for what could be done now."""

    def add(self, pessoa: Pessoa) -> PessoaCadastrada:
        """Once it returns, every instance finds the person; with an error above, none ever does."""

    def find(self, id_: str) -> PessoaCadastrada: ...

    def search(self, termo: str) -> Sequence[PessoaCadastrada]:
        """The first of those in whose apelido, nome or an element of whose stack the term is,
        whatever the case."""

    def count(self) -> int:
        """Counted now."""
