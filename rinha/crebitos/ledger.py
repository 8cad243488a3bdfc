"""Interface of a ledger for the routes, the same on each engine."""

from typing import Protocol

from rinha.crebitos.limits import VALOR_MAX
from rinha.crebitos.messages import Extrato, Resultado, Transacao
from rinha.errors import NotFoundError, RuleBrokenError
from rinha.store import Store, Table

TABLES = (
    Table(
        "clientes",
        {
            "cliente": int,
            "limite": int,
            "saldo": int,
            "transacoes": int,
            "nome": str,
            "fechado": int,
        },
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
    Table(
        "alteracoes",
        {
            "cliente": int,
            "numero": int,
            "acao": str,
            "limite_antes": int,
            "limite": int,
            "transacoes": int,
            "feita_em_us": int,
        },
        key=("cliente", "numero"),
        starts_empty=True,
    ),
)


# The texts of refused transactions. PostgreSQL itself fills them in, where it keeps one with a key.
REFUSALS = {
    "c": f"the credit would take the balance above {VALOR_MAX}",
    "d": "the debit would take the balance below -{limite}",
}


class UnknownClienteError(NotFoundError):
    """The client does not exist."""


class LimiteExceededError(RuleBrokenError):
    """The transaction would take the balance beyond its bounds."""


class ClienteClosedError(RuleBrokenError):
    """The client is closed: it keeps its history, and has no transactions more."""

    def __init__(self, cliente: int) -> None:
        super().__init__(f"client {cliente} is closed")


class Ledger(Store, Protocol):
    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        """Writes the whole transaction, or raises one of the errors above and writes nothing."""

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        """Does the same for the first request with this key, and keeps its answer. A later one gets
        the same answer, or KeyReusedError if it is another request."""

    def extrato(self, cliente: int) -> Extrato:
        """Returns the balance and the rows of one snapshot."""
