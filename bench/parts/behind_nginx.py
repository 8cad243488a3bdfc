"""Two instances behind this project's nginx.conf, as most stacks here are."""

import socket
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.parts.stack import Part, Share
from rinha.settings import EDITIONS
from stack import launch

# As docker-compose.yml has them.
SHARES = (Share(0.44, 310), Share(0.53, 120))


def behind_nginx(
    folder: Path,
    port: int,
    command: Sequence[str] = launch.INSTANCE,
    environment: Mapping[str, str] | None = None,
    shares: tuple[Share, Share] = SHARES,
) -> list[Part]:
    """The shares are of nginx and of each instance, which finds its address in RINHA_LISTEN."""
    instances = [
        Part(
            name,
            command,
            shares[1],
            {
                "RINHA_LEDGER": "rinha.db",
                "RINHA_LISTEN": f"unix:{name}.sock",
                **(environment or {}),
            },
            is_ready=partial(_listens, folder / f"{name}.sock"),
        )
        for name in launch.instance_names(2)
    ]
    edition = (environment or {}).get("RINHA_EDITION", EDITIONS[0])
    nginx = launch.nginx(folder, port=port, instances=2, edition=edition)
    return [*instances, Part("nginx", nginx, shares[0])]


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
