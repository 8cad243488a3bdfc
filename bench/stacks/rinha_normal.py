"""This service as it comes: synchronous=NORMAL."""

from pathlib import Path

from bench.behind_nginx import behind_nginx
from bench.plan import EVERYTHING
from bench.stack import Part, Stack


def parts(folder: Path, port: int) -> list[Part]:
    return behind_nginx(folder, port)


STACK = Stack("rinha, NORMAL", parts, EVERYTHING, quick=True)
