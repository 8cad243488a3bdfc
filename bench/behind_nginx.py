"""Two instances behind this project's nginx.conf, as most stacks here are."""

import getpass
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.stack import ROOT, Part, Share
from stack.nginx_conf import render

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"
# As docker-compose.yml has them.
SHARES = (Share(0.44, 310), Share(0.53, 120))


def behind_nginx(
    folder: Path,
    port: int,
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    shares: tuple[Share, Share] = SHARES,
) -> list[Part]:
    """The shares are of nginx and of each instance, which finds its address in RINHA_LISTEN."""
    user = getpass.getuser() if os.geteuid() == 0 else None
    template = (ROOT / "nginx.conf").read_text()
    (folder / "nginx.conf").write_text(render(template, port=port, instances=2, user=user))
    instances = [
        Part(
            name,
            command,
            shares[1],
            {
                "RINHA_FILE": "rinha.db",
                "RINHA_LISTEN": f"unix:{name}.sock",
                **(environment or {}),
            },
            is_ready=partial(_listens, folder / f"{name}.sock"),
        )
        for name in ("api01", "api02")
    ]
    start: list[str | Path] = [NGINX, "-p", folder, "-c", folder / "nginx.conf"]
    return [*instances, Part("nginx", start, shares[0])]


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
