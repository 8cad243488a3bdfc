"""Transactions with a new connection for each request, as the contest's judge sends them."""

from tests.help.running import Answer, Client
from tests.help.transaction_load import TransactionLoad


class ClosingClient(Client):
    def __call__(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        try:
            return super().__call__(method, path, body, headers)
        finally:
            self._connection.close()


class NewConnections(TransactionLoad):
    """A reload of nginx closes idle connections, and these are never idle: none may fail."""

    client = ClosingClient
