"""This service as the one executable that carries its own interpreter and nginx."""

import platform
from dataclasses import replace
from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import ROOT, Part, Stack

BUILT = sorted((ROOT / "dist").glob(f"rinha-*-linux-{platform.machine()}"))
if not BUILT:
    raise ImportError("there is no executable in dist/: `make dist` builds one")


def parts(folder: Path, port: int) -> list[Part]:
    # By this name it is the nginx that it carries.
    link = folder / "nginx"
    link.symlink_to(BUILT[-1])
    *instances, nginx = behind_nginx(folder, port, [str(BUILT[-1]), "-m", "rinha", "serve"])
    return [*instances, replace(nginx, command=[link, *nginx.command[1:]])]


STACK = Stack("rinha, one file", parts)
