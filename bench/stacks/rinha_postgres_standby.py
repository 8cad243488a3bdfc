"""This service on PostgreSQL with a standby that has each transaction before it is answered."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import DURABLE, FOLLOWED, database, standby
from bench.parts.stack import Part, Share, Stack
from bench.plan import CAPACITY_14, CAPACITY_64

# Both servers write the same.
SHARES = (Share(0.20, 40), Share(0.28, 75))


def parts(folder: Path, port: int) -> list[Part]:
    ledger = {"RINHA_LEDGER": f"postgresql://postgres@/postgres?host={folder / 'postgres'}"}
    return [
        database(folder, Share(0.46, 190), "", {**DURABLE, **FOLLOWED}),
        standby(folder, Share(0.28, 170)),
        *behind_nginx(folder, port, environment=ledger, shares=SHARES),
    ]


STACK = Stack(
    "rinha, PostgreSQL with a standby",
    parts,
    (CAPACITY_14, CAPACITY_64),
    data="postgres/base/*/*",
)
