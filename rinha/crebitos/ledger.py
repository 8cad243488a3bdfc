"""Interface of a ledger for the routes, the same on each engine."""

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
    Table(
        "chaves",
        {
            "chave": str,
            "cliente": int,
            "pedido": str,
            "sequencia": int,
            "recusa": str,
            "limite": int,
            "saldo": int,
            "criada_em_us": int,
        },
        key=("criada_em_us", "chave"),
        starts_empty=True,
    ),
)


class UnknownClienteError(NotFoundError):
    """The client does not exist."""


class LimiteExceededError(RuleBrokenError):
    """The transaction would take the balance beyond its bounds."""


class Ledger(Store, Protocol):
    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        """Writes the whole transaction, or raises one of the errors above and writes nothing."""

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        """Does the same for the first request with this key, and keeps its answer. A later one gets
        the same answer, or KeyReusedError if it is another request."""

    def extrato(self, cliente: int) -> Extrato:
        """Returns the balance and the rows of one snapshot."""
