"""This service on PostgreSQL, that waits for the disk as a bank's would."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import DURABLE, database
from bench.parts.stack import Part, Share, Stack
from bench.plan import CAPACITY_14, CAPACITY_64

SHARES = (Share(0.24, 50), Share(0.32, 100))


def parts(folder: Path, port: int) -> list[Part]:
    ledger = {"RINHA_LEDGER": f"postgresql://postgres@/postgres?host={folder / 'postgres'}"}
    return [
        database(folder, Share(0.62, 300), "", DURABLE),
        *behind_nginx(folder, port, environment=ledger, shares=SHARES),
    ]


STACK = Stack("rinha, PostgreSQL", parts, (CAPACITY_14, CAPACITY_64), data="postgres/base/*/*")
