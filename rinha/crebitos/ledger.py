"""What the routes ask of a ledger, whichever engine keeps it."""

from typing import Protocol

from rinha.crebitos.messages import Extrato, Resultado, Transacao
from rinha.errors import NotFoundError, RuleBrokenError
from rinha.store import Store, Table

TABLES = (
    Table(
        "clientes",
        {"cliente": int, "limite": int, "saldo": int, "transacoes": int},
        key=("cliente",),
        starts_empty=False,
    ),
    Table(
        "transacoes",
        {
            "cliente": int,
            "sequencia": int,
            "valor": int,
            "tipo": str,
            "descricao": str,
            "realizada_em_us": int,
        },
        key=("cliente", "sequencia"),
        starts_empty=True,
    ),
)


class UnknownClienteError(NotFoundError):
    """There is no such client."""


class LimiteExceededError(RuleBrokenError):
    """The transaction would take the balance beyond its bounds."""


class Ledger(Store, Protocol):
    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        """All of it or, with one of the errors above, no trace."""

    def extrato(self, cliente: int) -> Extrato:
        """One moment: the balance and the rows belong together."""
