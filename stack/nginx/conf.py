"""Writes what nginx reads, and tests it.

nginx.conf includes the files that differ: by edition, address, instances, and for operators.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from rinha.errors import RinhaError
from rinha.settings import Settings
from stack.paths import NGINX, ONE_FILE

# Without -e nginx complains where /var/log/nginx is missing. The nginx of older systems does not
# know -e, so only the one file uses it.
_LOG = ("-e", "stderr") if ONE_FILE else ()
# Starts nginx in the folder of its configuration.
COMMAND = (NGINX, "-p", ".", "-c", "nginx.conf", *_LOG)
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - the contest requires it
HERE = files("stack") / "nginx"
# The files of nginx.conf that settings decide.
INCLUDED = ("edition.conf", "instances.conf", "listen.conf")
# These are present with an operator's port only.
FOR_OPERATORS = ("metrics.conf", "metrics-listen.conf", "addresses.conf")


class ConfError(RinhaError):
    """nginx.conf was edited in a way that makes it unusable."""


def write(folder: Path, settings: Settings, servers: Mapping[str, str], *, user: str = "") -> None:
    """Writes the configuration into the folder where nginx starts.

    Without `user` nginx decides which account runs its worker.
    The servers are the address of each instance: unix:NAME.sock in the folder, or HOST:PORT.
    """
    bind = "" if settings.bind == EVERY_ADDRESS else f"{settings.bind}:"
    texts = {
        # On a line of its own it would change the numbers of the lines in messages.
        "nginx.conf": (f"user {user}; " if user else "") + _text("nginx.conf"),
        "edition.conf": _text(f"{settings.edition}.conf"),
        "instances.conf": instances_conf(servers),
        "listen.conf": f"listen {bind}{settings.port} backlog=4096 reuseport;\n",
    }
    if any(f"include {name};" not in texts["nginx.conf"] for name in INCLUDED):
        raise ConfError(
            f"nginx.conf must keep its `include` of {', '.join(INCLUDED)}: "
            "set BIND, PORT and INSTANCES to change them"
        )
    for name in FOR_OPERATORS:
        (folder / name).unlink(missing_ok=True)
    if settings.ops_port:
        texts["metrics.conf"] = _text("metrics.conf")
        texts["metrics-listen.conf"] = f"listen 127.0.0.1:{settings.ops_port} reuseport;\n"
        texts["addresses.conf"] = "".join(
            f"{name} {server};\n" for name, server in servers.items() if "unix:" not in server
        )
        # nginx serves the page from files.
        (folder / "page").mkdir(exist_ok=True)
        for file in (files("ops") / "page").iterdir():
            (folder / "page" / file.name).write_bytes(file.read_bytes())
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode(errors="surrogateescape"))


def _text(name: str) -> str:
    """Returns a configuration, whose comments may be in any encoding."""
    return (HERE / name).read_bytes().decode(errors="surrogateescape")


def own_user() -> str:
    """Keeps a worker of root's nginx root: another user may not open the sockets.

    It stands in the file, not in the command, so that a reload suits every earlier command.
    """
    if os.geteuid():
        return ""
    try:
        return pwd.getpwuid(0).pw_name
    except KeyError:
        # The system has no /etc/passwd. The nginx that the one file carries still knows root.
        return "root"


def read(folder: Path) -> dict[str, bytes]:
    """Returns the content of each file in the folder that nginx reads as configuration."""
    names = ("nginx.conf", *INCLUDED, *FOR_OPERATORS)
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def instances_conf(servers: Mapping[str, str]) -> str:
    """Returns what the upstream of nginx.conf includes."""
    return "".join(f"server {server} max_fails=0;\n" for server in servers.values())


def assert_nginx_starts(folder: Path, edition: str) -> None:
    """Tests the configuration with `nginx -t`, before any part of the stack starts."""
    if ONE_FILE:
        return  # its nginx.conf cannot be edited
    tried = subprocess.run(
        [*COMMAND, "-t"], cwd=folder, capture_output=True, errors="replace", check=False
    )
    if tried.returncode:
        lines = tried.stderr.strip().splitlines() or ["nginx -t fails without a message"]
        reason = next((line for line in lines if "[emerg]" in line), lines[-1])
        # The file to edit is not the copy that nginx reads.
        reason = reason.replace("./edition.conf:", f"stack/nginx/{edition}.conf:")
        reason = reason.replace("./metrics.conf:", "stack/nginx/metrics.conf:")
        raise ConfError(reason.replace("./nginx.conf:", "nginx.conf:"))
