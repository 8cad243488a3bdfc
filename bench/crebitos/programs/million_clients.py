"""This service with a million clients: each request goes to a random client."""

import os
import random

from bench.crebitos.growth import CLIENTES
from rinha import settings
from rinha.crebitos.messages import Extrato, Resultado, Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from rinha.server import Instance
from rinha.store import Written


class ManyClientes:
    """Replaces the client of each request: the load generator names only the contest's five."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.assert_readable = ledger.assert_readable
        self.reset = ledger.reset

    def transact(self, _cliente: int, transacao: Transacao) -> Written[Resultado]:
        return self._ledger.transact(int(random.random() * CLIENTES) + 1, transacao)

    def extrato(self, _cliente: int) -> Extrato:
        return self._ledger.extrato(int(random.random() * CLIENTES) + 1)


if __name__ == "__main__":
    loaded = settings.load(os.environ)
    ledger = SqliteLedger.open(loaded, create=True)
    with ledger.engine.serving():
        app = create_app(ManyClientes(ledger), add_routes, reset=False)
        Instance(app, loaded.listen).run()
    ledger.close()
