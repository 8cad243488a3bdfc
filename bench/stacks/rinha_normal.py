"""This service as it comes: synchronous=NORMAL."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Stack
from bench.plan import EVERYTHING


def parts(folder: Path, port: int) -> list[Part]:
    return behind_nginx(folder, port)


STACK = Stack("rinha, NORMAL", parts, EVERYTHING, quick=True)
