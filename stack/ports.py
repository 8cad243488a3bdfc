"""Checks that the ports of a stack are free, and proposes free ones.

containers.sh runs it in the image, on the host's network: a host may have no Python.
"""

import errno
import itertools
import os
import socket
import sys
from collections.abc import Collection

from rinha.settings import SETTINGS, Settings, load
from stack.messages import fail, message
from stack.nginx.conf import EVERY_ADDRESS

# The search for a free port starts here, in place of the contest's port and the operator's.
OTHER_PORT, OTHER_OPS_PORT = 8888, 8990
LOOPBACK = "127.0.0.1"


def main() -> int:
    """Checks the ports of containers; arguments are settings whose port the engine found in use."""
    bind, asked = os.environ["BIND"], {name: os.environ[name] for name in ("OPS_PORT", "PORT")}
    others = "" if bind == EVERY_ADDRESS else f"BIND={bind} "
    if os.environ["NETWORK"] == "host":
        # nginx then listens on the port that it has in its container.
        asked["PORT"] = SETTINGS["PORT"].default
        others = "NETWORK=bridge "
    ours = {int(port) for port in os.environ.get("OUR_PORTS", "").split()}
    # On every address: the engine judges BIND, because it may be on another machine.
    reason = problem(load(asked), sys.argv[1:], others, ours)
    return fail(reason) if reason else 0


def problem(
    settings: Settings, known: Collection[str] = (), others: str = "", ours: Collection[int] = ()
) -> str | None:
    """Returns a message that names the ports in use, and settings with which the stack starts.

    Containers name settings whose port is known to be in use, and other settings to propose. The
    running stack itself uses the ports in `ours`.
    """
    if settings.port == settings.ops_port:
        return message("ONE_PORT", settings.port)
    wanted = [("PORT", settings.bind, settings.port)]
    wanted += [("OPS_PORT", LOOPBACK, settings.ops_port)] if settings.ops_port else []
    in_use = []
    for name, address, port in wanted:
        code = _bind(address, port)
        if code in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return message("NO_ADDRESS", address)
        if code in (errno.EACCES, errno.EPERM):
            return message("PORT_FORBIDDEN", port, others + _free_settings(settings, [name]))
        if (code and port not in ours) or name in known:
            in_use.append((name, port))
    if not in_use:
        return None
    names, ports = zip(*in_use, strict=True)
    name = "PORT_IN_USE" if len(ports) == 1 else "PORTS_IN_USE"
    return message(name, *ports, others + _free_settings(settings, names))


def _free_settings(settings: Settings, others: list[str] | tuple[str, ...]) -> str:
    """Returns all settings of ports, so that the proposal keeps those set for one command."""
    port, ops_port = settings.port, settings.ops_port
    if "PORT" in others:
        port = _free_port(settings.bind, OTHER_PORT, ops_port)
    if "OPS_PORT" in others:
        ops_port = _free_port(LOOPBACK, OTHER_OPS_PORT, port)
    bind = "" if settings.bind == EVERY_ADDRESS else f"BIND={settings.bind} "
    return f"{bind}PORT={port} OPS_PORT={ops_port or 'off'}"


def _free_port(address: str, first: int, but: int | None) -> int:
    candidates = itertools.chain(range(first, 65536), range(1024, first))
    return next(port for port in candidates if port != but and not _bind(address, port))


def _bind(address: str, port: int) -> int:
    """Returns the error number of a bind, or 0. A port that nginx shares by reuseport is in use."""
    host = address.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # IPv6 alone on an address of IPv6, as nginx listens.
        socket.create_server((host, port), family=family, dualstack_ipv6=False).close()
    except OSError as error:
        return error.errno or errno.EADDRINUSE
    return 0


if __name__ == "__main__":
    sys.exit(main())
