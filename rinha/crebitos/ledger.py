"""What the routes ask of a ledger, whichever engine keeps it."""

from typing import Protocol

from rinha.crebitos.messages import Extrato, Resultado, Transacao
from rinha.errors import NotFoundError, RuleBrokenError
from rinha.store import Store


class UnknownClienteError(NotFoundError):
    """There is no such client."""


class LimiteExceededError(RuleBrokenError):
    """The transaction would take the balance beyond its bounds."""


class Ledger(Store, Protocol):
    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        """All of it or, with one of the errors above, no trace."""

    def extrato(self, cliente: int) -> Extrato:
        """One moment: the balance and the rows belong together."""
