"""This service as it comes."""

from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Share, Stack
from bench.people.plan import WORKS

# As stack/pessoas/docker-compose.yml has them.
SHARES = (Share(0.54, 600), Share(0.48, 1200))
SETTINGS = {"RINHA_EDITION": "pessoas"}


def parts(folder: Path, port: int) -> list[Part]:
    return behind_nginx(folder, port, environment=SETTINGS, shares=SHARES)


STACK = Stack("rinha, people", parts, WORKS, hello="/contagem-pessoas")
