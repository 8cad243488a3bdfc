"""The services that runit watches: a folder for each, with a run script and a logger."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rinha.settings import Settings
from stack import launch
from stack.interrupts import run_apart
from stack.machines import INSTANCES_ON, Machine, our_machines
from stack.nginx import conf

VAR = Path("var")
SERVICES = VAR / "service"
# A cluster beside the stack is watched by another runsvdir.
CLUSTER = VAR / "cluster"
# The port of the first instance, when instances listen on other machines than this one.
FIRST_PORT = 8001
# An instance stops within 2 s; the rest is a margin.
DOWN_MAX_S = 4
LOOK_AGAIN_S = 0.05
# Ends an instance whose runsv is killed: else the next one finds its address in use.
WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "TERM")
RUN = """#!/bin/sh
# Written by `make up`.
exec 2>&1
cd {directory}
{before}exec {command}
"""
# A killed master leaves its worker behind, and a killed runsv leaves both, with the port. They
# serve until the new nginx listens beside them (`reuseport`), so no connection is refused in
# between. An ending master deletes the pid file, even when that names its successor by then.
TAKE_OVER = """\
old=
for process in /proc/[0-9]*; do
    if [ "$process/cwd" -ef . ] && read -r name <"$process/comm" && [ "$name" = nginx ]; then
        old="$old ${process#/proc/}"
    fi
done 2>/dev/null
[ -z "$old" ] || (
    pause() { sleep 0.02; kill -0 $$ || exit; }
    until [ "$(cat nginx.pid)" = $$ ]; do pause; done
    kill -QUIT $old
    for pid in $old; do
        while [ /proc/$pid/cwd -ef . ]; do pause; done
    done
    echo $$ >nginx.pid
) >/dev/null 2>&1 &
"""
# Three old files of 10 MB each beside the current one.
LOG_CONFIG = "s10000000\nn3\n"
# QUIT lets nginx answer the requests that it has; TERM would cut them off.
GENTLE_STOP = """#!/bin/sh
kill -QUIT "$(cat supervise/pid)"
"""
# Started under one of these names, the one file runs that program of its own. runsvdir ignores
# folders whose names begin with a dot.
PROGRAMS = ("runsvdir", "runsv", "sv")
BIN = SERVICES / ".bin"


class Place(NamedTuple):
    """The name and the address of an instance: a socket on this machine, a port on others."""

    name: str
    port: int
    machine: Machine

    @property
    def address(self) -> str | tuple[str, int]:
        """The address in the form that socket.connect() accepts."""
        return (
            (self.machine.address, self.port) if self.machine.enter else f"{VAR}/{self.name}.sock"
        )

    @property
    def listen(self) -> str:
        """The address in the form of RINHA_LISTEN."""
        where = self.address
        return f"unix:{where}" if isinstance(where, str) else f"{where[0]}:{where[1]}"


def places(settings: Settings) -> list[Place]:
    """Spreads the instances evenly over the machines of a cluster; without them all are here."""
    machines = [Machine()]
    if settings.engine != "sqlite" and our_machines().are_there():
        machines = our_machines().some(INSTANCES_ON)
    return [
        Place(name, FIRST_PORT + number, machines[number % len(machines)])
        for number, name in enumerate(launch.instance_names(settings.instances))
    ]


def write_services(settings: Settings) -> None:
    (VAR / "log").mkdir(parents=True, exist_ok=True)
    found = places(settings)
    conf.write(VAR, settings, [place.listen for place in found if place.machine.enter])
    conf.assert_nginx_starts(VAR, settings.edition)
    metrics = f"RINHA_METRICS={'on' if settings.ops_port else 'off'}"
    # Counters restart at 0 with the stack. They survive the restart of one instance.
    olds = list(VAR.glob("*.counts"))
    if isinstance(settings.ledger, Path):
        olds += settings.ledger.parent.glob("*.replica.state")
    for old in olds:
        old.unlink()
    for place in found:
        words = [*place.machine.enter, "env", f"RINHA_LISTEN={place.listen}", metrics]
        _write_service(place.name, "../../..", [*words, *WITH_ITS_PARENT, *launch.INSTANCE])
    if settings.replica:
        _write_service("replica", "../../..", [*WITH_ITS_PARENT, *launch.FOLLOW])
    _write_service("nginx", "../..", conf.COMMAND, TAKE_OVER)
    _write_script(SERVICES / "nginx" / "control" / "t", GENTLE_STOP)
    if launch.ONE_FILE:
        BIN.mkdir()
        for program in PROGRAMS:
            (BIN / program).symlink_to(sys.executable)
    # Saves a second: runsvdir sleeps before it scans a folder that has just been changed.
    os.utime(SERVICES, (0, 0))


def _write_service(name: str, directory: str, command: Sequence[str], before: str = "") -> None:
    _write_run(SERVICES / name / "run", directory, command, before)
    _write_run(SERVICES / name / "log" / "run", ".", ["svlogd", f"../../../log/{name}"])
    logs_of = VAR / "log" / name
    logs_of.mkdir(parents=True, exist_ok=True)
    (logs_of / "config").write_text(LOG_CONFIG)


def _write_run(path: Path, directory: str, command: Sequence[str], before: str = "") -> None:
    """Writes a run script. The one file reads `words` in its place, and does `before` itself."""
    text = RUN.format(directory=directory, before=before, command=shlex.join(command))
    _write_script(path, text)
    if launch.ONE_FILE:
        path.with_name("words").write_text("".join(f"{word}\0" for word in [directory, *command]))


def _write_script(path: Path, text: str) -> None:
    """Writes a script, or for the one file a link to its executable.

    The link needs no shell, and works where files in var/ may not be executed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if launch.ONE_FILE:
        path.symlink_to(sys.executable)
    else:
        path.write_text(text)
        path.chmod(0o700)


def environment() -> dict[str, str]:
    """Returns the environment with a PATH that has runit's programs."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": f"{launch.HOME / BIN}:{path}" if launch.ONE_FILE else path}


def services(pattern: str = "[!.]*") -> list[Path]:
    return sorted(SERVICES.resolve().glob(pattern))


def stop_services() -> None:
    """Stops nginx first, so that no request reaches a half-stopped stack, and the replica last.

    Litestream thus misses no commit. Services of a killed supervisor are stopped too.
    """
    for group in (services("nginx"), services("api*"), services("replica")):
        if group:
            command: list[str | Path] = ["sv", "-w", str(DOWN_MAX_S), "force-shutdown", *group]
            run_apart(command, env=environment(), stdout=subprocess.DEVNULL)
    _end_strays()
    shutil.rmtree(SERVICES, ignore_errors=True)


def _end_strays() -> None:
    """Ends processes that a killed runsv or nginx master left, and loggers on a full disk.

    svlogd does not end while it has lines that it cannot write.
    """
    for number, wait_s in ((signal.SIGQUIT, DOWN_MAX_S), (signal.SIGKILL, 1)):
        for pid, name in _strays().items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number if name == "nginx" else signal.SIGKILL)
        deadline = time.monotonic() + wait_s
        while _strays() and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN_S)


def _strays() -> dict[int, str]:
    found, here, others = {}, VAR.resolve(), CLUSTER.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            folder = (process / "cwd").readlink()
            name = re.match(rb"(nginx|runsv|svlogd)\b", (process / "cmdline").read_bytes())
        except OSError:
            continue  # it has ended, or belongs to another user
        if name and folder.is_relative_to(here) and not folder.is_relative_to(others):
            found[int(process.name)] = name[1].decode()
    return found
