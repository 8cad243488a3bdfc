"""Commands and configuration that start nginx and the instances.

Make, the tests, the benchmark and the one-file executable use them.
"""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from rinha.errors import RinhaError
from rinha.settings import EDITIONS

ROOT = Path(__file__).resolve().parent.parent
# True in the one-file executable, which sets sys.frozen as other packed Python programs do.
ONE_FILE = bool(getattr(sys, "frozen", False))
# The stack runs in the checkout; that of the one file runs in the current folder.
HOME = Path.cwd() if ONE_FILE else ROOT
# Debian installs nginx in /usr/sbin, outside the PATH of ordinary users. The one file carries its
# own nginx.
PATH = "" if ONE_FILE else f"{os.environ.get('PATH', '')}:/usr/sbin"
NGINX = shutil.which("nginx", path=PATH) or "nginx"
# Without -e nginx complains where /var/log/nginx is missing. The nginx of older systems does not
# know -e, so only the one file uses it.
NGINX_COMMAND = (NGINX, "-p", ".", "-c", "nginx.conf", *(("-e", "stderr") if ONE_FILE else ()))
# The one-file executable accepts `-m` as an interpreter does.
RINHA = (sys.executable, "-m", "rinha")
INSTANCE = (*RINHA, "serve")
FOLLOW = (*RINHA, "replicate")
# The place where stack/setup.sh installs it.
LITESTREAM = Path(sys.executable).with_name("litestream")
SERVER = "server {place} max_fails=0;"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - the contest requires it


class ConfError(RinhaError):
    """nginx.conf was edited in a way that makes it unusable."""


def instance_names(instances: int) -> list[str]:
    """Returns the names of the instances.

    Each listens on a socket of its name, in the folder where nginx is started.
    """
    return [f"api{number + 1:02d}" for number in range(instances)]


def nginx(  # noqa: PLR0913 - each argument is a setting
    folder: Path,
    *,
    port: int,
    instances: int,
    bind: str = EVERY_ADDRESS,
    edition: str = EDITIONS[0],
    ops_port: int | None = None,
    places: Sequence[str] = (),
) -> list[str]:
    """Writes the configuration of nginx into the folder; returns the command to run there.

    The places are HOST:PORT of instances that listen on another machine, not on a socket here.
    """
    (folder / "ops.conf").unlink(missing_ok=True)
    if ops_port:
        ops = (files("ops") / "ops.conf").read_text()
        ops = ops.replace("/etc/nginx/page", "page")
        if places:
            pairs = zip(instance_names(instances), places, strict=True)
            known = " ".join(f"{name} {place};" for name, place in pairs)
            ops = ops.replace("unix:$instance.sock:", "$place")
            ops = f"map $instance $place {{ {known} }}\n{ops}"
        (folder / "ops.conf").write_text(ops)
        # nginx serves the page from files, and finds them beside its configuration.
        (folder / "page").mkdir(exist_ok=True)
        for file in (files("ops") / "page").iterdir():
            (folder / "page" / file.name).write_bytes(file.read_bytes())
        (folder / "ops.listen").write_text(f"listen 127.0.0.1:{ops_port} reuseport;\n")
    # Started by root, an nginx worker would switch to a user who may not open the sockets.
    user = _name_of_root() if os.geteuid() == 0 else None
    sockets = [f"unix:{name}.sock" for name in instance_names(instances)]
    template = template_of(edition)
    conf = render(template, port=port, bind=bind, places=places or sockets, user=user)
    (folder / "nginx.conf").write_text(conf)
    return [*NGINX_COMMAND]


def _name_of_root() -> str:
    try:
        return pwd.getpwuid(0).pw_name
    except KeyError:
        # The system has no /etc/passwd. The nginx that the one file carries still knows root.
        return "root"


def template_of(edition: str) -> str:
    """Returns nginx.conf with the changes in nginx.sed of the edition's folder, if there is one."""
    conf, changes = files("stack") / "nginx.conf", files("stack") / edition / "nginx.sed"
    if not changes.is_file():
        return conf.read_text()
    return subprocess.run(
        ["sed", changes.read_text()],
        input=conf.read_text(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def render(
    template: str,
    *,
    port: int,
    places: Sequence[str],
    bind: str = EVERY_ADDRESS,
    user: str | None = None,
) -> str:
    """Returns nginx.conf with another address, other instances or another user.

    Each line keeps its number, because nginx reports an error by its line.
    """
    first, *others = [SERVER.format(place=place) for place in places]
    servers = f"{first}\n        {' '.join(others)}"
    listen = f"listen {port}" if bind == EVERY_ADDRESS else f"listen {bind}:{port}"
    text, listens = re.subn(r"\blisten 9999\b", listen, template)
    text, lists = re.subn(
        r"server unix:api01\.sock.*\n\s*server unix:api02\.sock.*;", servers, text
    )
    if (listens, lists) != (1, 1):
        raise ConfError(
            "nginx.conf must keep its `listen 9999` and its two servers, api01.sock and api02.sock:"
            " set BIND, PORT and INSTANCES to change them"
        )
    return f"user {user}; {text}" if user else text


def assert_nginx_starts(folder: Path, command: Sequence[str]) -> None:
    """Tests the configuration with `nginx -t`, before any part of the stack starts."""
    if ONE_FILE:
        return  # its nginx.conf cannot be edited
    tried = subprocess.run(
        [*command, "-t"], cwd=folder, capture_output=True, text=True, check=False
    )
    if tried.returncode:
        said = tried.stderr.strip().splitlines() or ["no word"]
        reason = next((line for line in said if "[emerg]" in line), said[-1])
        raise ConfError(re.sub(r"\./(nginx|ops)\.conf:", r"\1.conf:", reason))
