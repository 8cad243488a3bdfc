"""This service on a ledger of ten million transactions."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.growth import FIRST_CLIENTES, TRANSACOES, make_ledger
from bench.parts.stack import Part, Stack
from bench.plan import GROWTH


def parts(folder: Path, port: int) -> list[Part]:
    # Beside the folder, so that it is made once for all rounds.
    file = folder.parent / "rinha_10m.db"
    make_ledger(file, transacoes=TRANSACOES, clientes=FIRST_CLIENTES)
    return behind_nginx(folder, port, environment={"RINHA_LEDGER": str(file)})


STACK = Stack("rinha, 10 million transactions", parts, GROWTH, data="../rinha_10m.db*")
