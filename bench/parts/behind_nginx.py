"""Two instances behind this project's nginx.conf, as most contenders have them."""

import socket
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rinha.settings import EDITIONS
from stack import launch
from stack.part import Part, Share

# As docker-compose.yml has them.
SHARES = (Share(0.44, 310), Share(0.53, 120))


def behind_nginx(
    folder: Path,
    port: int,
    command: Sequence[str] = launch.INSTANCE,
    environment: Mapping[str, str] | None = None,
    shares: tuple[Share, Share] = SHARES,
) -> list[Part]:
    """The command starts an instance, which listens on RINHA_LISTEN. The shares are those of nginx
    and of each instance."""
    environment = {"RINHA_LEDGER": "rinha.db", **(environment or {})}
    instances = [
        Part(
            name,
            command,
            shares[1],
            {"RINHA_LISTEN": f"unix:{name}.sock", **environment},
            is_ready=partial(_listens, folder / f"{name}.sock"),
        )
        for name in launch.instance_names(2)
    ]
    edition = environment.get("RINHA_EDITION", EDITIONS[0])
    nginx = launch.nginx(folder, port=port, instances=2, edition=edition)
    return [*instances, Part("nginx", nginx, shares[0])]


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
