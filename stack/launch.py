"""How nginx and the instances are started, by make, the tests or the benchmark."""

import os
import pwd
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Debian keeps it where ordinary users do not look.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"
INSTANCE = (sys.executable, "-m", "rinha", "serve")
FOLLOW = (sys.executable, "-m", "rinha", "follow")
SERVER = "server unix:{name}.sock max_fails=0;"


def instance_names(instances: int) -> list[str]:
    """Each listens on a socket of its name, in the folder where nginx is started."""
    return [f"api{number + 1:02d}" for number in range(instances)]


def nginx(folder: Path, *, port: int, instances: int, ops_port: int | None = None) -> list[str]:
    """Writes its configuration into the folder, where it has to be started: with these words."""
    (folder / "ops.conf").unlink(missing_ok=True)
    if ops_port:
        ops = (ROOT / "ops" / "ops.conf").read_text()
        (folder / "ops.conf").write_text(ops.replace("/etc/nginx/page", f"{ROOT}/ops/page"))
        (folder / "ops.listen").write_text(f"listen 127.0.0.1:{ops_port};\n")
    # As root its worker would become a user who may not reach the sockets.
    user = pwd.getpwuid(0).pw_name if os.geteuid() == 0 else None
    template = (ROOT / "nginx.conf").read_text()
    conf = render(template, port=port, instances=instances, user=user)
    (folder / "nginx.conf").write_text(conf)
    return [NGINX, "-p", ".", "-c", "nginx.conf"]


def render(template: str, *, port: int, instances: int, user: str | None = None) -> str:
    """nginx.conf for another port, number of instances or user than it was written for."""
    servers = " ".join(SERVER.format(name=name) for name in instance_names(instances))
    text, listens = re.subn(r"listen 9999\b", f"listen {port}", template)
    text, lists = re.subn(
        r"server unix:api01\.sock.*\n\s*server unix:api02\.sock.*;", servers, text
    )
    if (listens, lists) != (1, 1):
        raise ValueError("nginx.conf has no `listen 9999` or not the two instances")
    return f"user {user};\n{text}" if user else text
