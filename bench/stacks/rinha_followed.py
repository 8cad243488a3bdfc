"""This service while Litestream keeps a copy that follows it: RINHA_REPLICA=file:///..."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Share, Stack
from bench.plan import CAPACITY_14, STEADY_340
from stack import launch

# As docker-compose.replica.yml has it: beside the contest's sum.
SHARE = Share(0.2, 100)


def parts(folder: Path, port: int) -> list[Part]:
    settings = {"RINHA_LEDGER": "rinha.db", "RINHA_REPLICA": f"file://{folder}/copy"}
    return [*behind_nginx(folder, port), Part("replica", launch.FOLLOW, SHARE, settings)]


STACK = Stack("rinha, a copy follows", parts, (CAPACITY_14, STEADY_340))
