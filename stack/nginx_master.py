"""Gives the nginx that runs another configuration, or another program, while it serves."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from rinha.settings import Settings
from stack import fingerprint, log_files, running
from stack.interrupts import delayed
from stack.nginx import conf
from stack.part import Part, wait_until
from stack.parts import write_nginx_conf
from stack.paths import NGINX, ONE_FILE, VAR
from stack.run.service import Overrides
from stack.running import RUNIT
from stack.usage import children_of

NAME = "nginx"
# nginx reads its configuration within milliseconds, on a busy machine within a second.
RELOAD_MAX_S = 10.0


def assert_usable(settings: Settings) -> None:
    """Tests the configuration for these settings, and leaves the one that nginx has."""
    with tempfile.TemporaryDirectory(dir=VAR) as name:
        write_nginx_conf(running.layout(settings), Path(name))


def renew(part: Part, overrides: Overrides) -> bool:
    """Gives nginx the configuration of the part, and the program that is installed now.

    Nothing happens where both are as they were: a reload closes idle connections of clients, and
    some clients take that for an error. Returns False if nginx refuses the configuration.
    """
    if part.prepare:
        part.prepare()
    RUNIT.write_part(part, overrides)
    master = RUNIT.pid(NAME)
    if master is None:
        # It is between two starts; the next one reads the new files.
        return wait_until(lambda: RUNIT.pid(NAME) is not None, running.UP_MAX_S)
    new = fingerprint.of_nginx_conf()
    is_done = _is_other_program(master) and _exchange(master)
    if not is_done and fingerprint.read(fingerprint.NGINX_CONF) != new and not _reload(master):
        return False
    fingerprint.write(fingerprint.NGINX_CONF, new)
    return True


def _reload(master: int) -> bool:
    """Makes the master start another worker. Its sockets stay, so no connection is refused."""
    log = RUNIT.logs / NAME / "current"
    old, sizes = _workers(master), log_files.sizes([log])

    def has_refused() -> bool:
        return any("[emerg]" in line for line in log_files.lines_since(log, sizes))

    os.kill(master, signal.SIGHUP)
    wait_until(lambda: bool(_workers(master) - old) or has_refused(), RELOAD_MAX_S)
    if not _workers(master) - old:
        return False
    # The old worker leaves when its clients have their answers. A slow client may take longer.
    wait_until(lambda: not _workers(master) & old, running.STOP_MAX_S)
    return True


def _workers(master: int) -> set[int]:
    with suppress(OSError):
        return set(children_of(master))
    return set()


def _is_other_program(master: int) -> bool:
    """Tells if the master runs another program than a new one would."""
    try:
        runs = Path(f"/proc/{master}/exe").read_bytes()
        return runs != (_carried() if ONE_FILE else Path(NGINX).read_bytes())
    except OSError:
        return False


def _carried() -> bytes:
    import _carried  # noqa: PLC0415 - only the one file has it

    with open(_carried.open(f"bin/{NAME}"), "rb") as file:  # noqa: PTH123 - a descriptor
        return file.read()


def _exchange(master: int) -> bool:
    """Exchanges the program of nginx; returns False if the new one does not start.

    nginx ignores USR2 under a supervisor. So a second master serves on the same port until the
    supervisor has started the successor of the first, which takes over from both. A connection
    that an ending master has not yet accepted is lost, which a reload never does.
    """
    with delayed():
        bridge = subprocess.Popen(
            conf.COMMAND,
            executable=sys.executable if ONE_FILE else None,
            cwd=VAR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    wait_until(lambda: bool(_workers(bridge.pid)) or bridge.poll() is not None, RELOAD_MAX_S)
    if not _workers(bridge.pid):
        return False
    RUNIT.sv("term", RUNIT.folder.resolve() / NAME, stdout=subprocess.DEVNULL)
    # A slow client may hold the first master longer. The second one serves meanwhile.
    wait_until(
        lambda: RUNIT.pid(NAME) not in (None, master) and bridge.poll() is not None,
        running.STOP_MAX_S,
    )
    return True
