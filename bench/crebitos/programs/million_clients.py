"""This service with a million clients: each request goes to a random client."""

import os
import random

from bench.crebitos.growth import CLIENTES
from rinha import settings
from rinha.crebitos.messages import Extrato, Resultado, Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.group_commit import GroupCommit
from rinha.http import create_app
from rinha.server import Instance


class ManyClientes(SqliteLedger):
    """Replaces the client of each request: the load generator names only the contest's five."""

    def transact(self, _cliente: int, transacao: Transacao) -> Resultado:
        return super().transact(int(random.random() * CLIENTES) + 1, transacao)

    def extrato(self, _cliente: int) -> Extrato:
        return super().extrato(int(random.random() * CLIENTES) + 1)


if __name__ == "__main__":
    loaded = settings.load(os.environ)
    ledger = ManyClientes.open(loaded, create=True)
    with ledger.engine.serving():
        app = create_app(ledger, add_routes, reset=False)
        Instance(GroupCommit(app, ledger.engine), loaded.listen).run()
    ledger.close()
