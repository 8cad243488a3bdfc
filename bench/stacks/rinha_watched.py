"""This service while it counts what it does, for operators: RINHA_METRICS=on."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Stack
from bench.plan import CAPACITY_14, STEADY_340


def parts(folder: Path, port: int) -> list[Part]:
    return behind_nginx(folder, port, environment={"RINHA_METRICS": "on"})


STACK = Stack("rinha, metrics on", parts, (CAPACITY_14, STEADY_340))
