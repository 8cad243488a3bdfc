"""This service with two million people."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Stack
from bench.people.growth import MANY, make_registry
from bench.people.plan import GROWTH
from bench.people.stacks.rinha_people import SETTINGS, SHARES


def parts(folder: Path, port: int) -> list[Part]:
    # Beside the folder, so that it is made once for all rounds.
    file = folder.parent / "rinha_2m_people.db"
    make_registry(file, MANY)
    environment = {**SETTINGS, "RINHA_LEDGER": str(file)}
    return behind_nginx(folder, port, environment=environment, shares=SHARES)


STACK = Stack(
    "rinha, 2 million people",
    parts,
    GROWTH,
    data="../rinha_2m_people.db*",
    hello="/contagem-pessoas",
)
