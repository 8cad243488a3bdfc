"""This service with an fsync before each answer: synchronous=FULL."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Stack


def parts(folder: Path, port: int) -> list[Part]:
    return behind_nginx(folder, port, environment={"RINHA_SYNCHRONOUS": "FULL"})


STACK = Stack("rinha, FULL", parts, quick=True)
