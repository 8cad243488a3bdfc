"""This service with a million clients: each request is for one at random, whichever it names."""

import os
import random
import sys
from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.growth import CLIENTES, make_ledger
from bench.parts.stack import Part, Stack
from bench.plan import GROWTH
from rinha import settings
from rinha.crebitos.messages import Extrato, Resultado, Transacao
from rinha.crebitos.on_sqlite import SqliteLedger, open_store
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from rinha.server import Instance


class ManyClientes:
    """The load generator names five clients only, as the contest does."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def transact(self, _cliente: int, transacao: Transacao) -> Resultado:
        return self._ledger.transact(int(random.random() * CLIENTES) + 1, transacao)

    def extrato(self, _cliente: int) -> Extrato:
        return self._ledger.extrato(int(random.random() * CLIENTES) + 1)

    def assert_readable(self) -> None:
        self._ledger.assert_readable()

    def reset(self) -> None:
        self._ledger.reset()


def parts(folder: Path, port: int) -> list[Part]:
    # Beside the folder, so that it is made once for all rounds.
    file = folder.parent / "rinha_1m_clients.db"
    make_ledger(file, transacoes=0, clientes=CLIENTES)
    command = [sys.executable, "-m", __name__]
    return behind_nginx(folder, port, command, {"RINHA_LEDGER": str(file)})


STACK = Stack("rinha, 1 million clients", parts, GROWTH, data="../rinha_1m_clients.db*")

if __name__ == "__main__":
    knobs = settings.load(os.environ)
    ledger = open_store(knobs, create=True)
    with ledger.engine.serving():
        app = create_app(ManyClientes(ledger), add_routes, reset=False)
        Instance(app, knobs.listen).run()
    ledger.close()
