"""Interface of a registry of people for the routes, the same on each engine."""

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
            # May be NULL.
            "stack": str,
        },
        ("numero",),
        starts_empty=True,
    ),
)


class UnknownPessoaError(NotFoundError):
    """The person does not exist."""


class ApelidoTakenError(RuleBrokenError):
    """Another person already has this apelido."""


class Registry(Store, Protocol):
    def get_ready(self) -> None:
        """Prepares the search before the first request, so that no search has to wait for it."""

    def add(self, pessoa: Pessoa) -> PessoaCadastrada:
        """Adds a person, whom every instance finds from then on, or raises an error above and adds
        none."""

    def find(self, id_: str) -> PessoaCadastrada: ...

    def search(self, termo: str) -> Sequence[PessoaCadastrada]:
        """Returns the first people with the term in their apelido, nome or an element of their
        stack, in any case."""

    def count(self) -> int:
        """Returns the number of people, counted at the call."""
