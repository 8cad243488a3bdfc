"""This service with a million clients: each request is for one at random, whichever it names.
Imports behind_nginx, growth, plan, stack, and app, checkpoint, ledger, messages, server, settings
of rinha."""

import os
import random
import sys
from pathlib import Path
from typing import cast

from bench.behind_nginx import behind_nginx
from bench.growth import CLIENTES, make_ledger
from bench.plan import GROWTH
from bench.stack import Part, Stack
from rinha import settings
from rinha.app import create_app
from rinha.checkpoint import Checkpointer
from rinha.ledger import Ledger
from rinha.messages import Extrato, Resultado, Transacao
from rinha.server import Instance


class ManyClientes:
    """The load generator names five clients only, as the contest does."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def transact(self, _cliente: int, transacao: Transacao) -> Resultado:
        return self._ledger.transact(int(random.random() * CLIENTES) + 1, transacao)

    def extrato(self, _cliente: int) -> Extrato:
        return self._ledger.extrato(int(random.random() * CLIENTES) + 1)


def parts(folder: Path, port: int) -> list[Part]:
    # Beside the folder, so that it is made once for all rounds.
    file = folder.parent / "rinha_1m_clients.db"
    make_ledger(file, transacoes=0, clientes=CLIENTES)
    command = [sys.executable, "-m", __name__]
    return behind_nginx(folder, port, command, {"RINHA_FILE": str(file)})


STACK = Stack("rinha, 1 million clients", parts, GROWTH, data="../rinha_1m_clients.db*")

if __name__ == "__main__":
    knobs = settings.load(os.environ)
    ledger = Ledger(knobs.file, synchronous=knobs.synchronous, lock_wait_s=knobs.lock_wait_s)
    checkpointer = Checkpointer(knobs.file)
    ledger.after_commits(checkpointer.look)
    Instance(create_app(cast(Ledger, ManyClientes(ledger)), reset=False), knobs.listen).run()
    checkpointer.close()
    ledger.close()
