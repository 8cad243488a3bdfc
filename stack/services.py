"""What runit watches: a folder for nginx and for each instance, with how to run it and where its
words go."""

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

from rinha import settings
from stack import launch
from stack.interrupts import run_apart
from stack.machines import INSTANCES_ON, Machine, our_machines

VAR = Path("var")
SERVICES = VAR / "service"
# A cluster beside the stack is watched by another runsvdir.
CLUSTER = VAR / "cluster"
# Of the first instance, where they listen on machines of their own.
FIRST_PORT = 8001
# At most what an instance may take, and a little.
DOWN_MAX_S = 4
LOOK_AGAIN_S = 0.05
# Of a killed runsv: the instance ends, or the next one would find its address taken.
WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "TERM")
RUN = """#!/bin/sh
# Written by `make up`.
exec 2>&1
cd {directory}
{before}exec {command}
"""
# A killed master leaves its worker behind, a killed runsv both, with the port. They serve until the
# new nginx listens beside them (`reuseport`), so no connection is refused in between. A master
# deletes the pid file when it ends, also where that names its successor by then.
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
# Ends nginx when the requests begun are answered, where TERM would cut them.
GENTLE_STOP = """#!/bin/sh
kill -QUIT "$(cat supervise/pid)"
"""
# By these names the one file is the program that it carries. runsvdir passes over what begins with
# a point.
PROGRAMS = ("runsvdir", "runsv", "sv")
BIN = SERVICES / ".bin"


class Place(NamedTuple):
    """Of an instance: its name, and on which machine it listens; on this one on a socket."""

    name: str
    port: int
    machine: Machine

    @property
    def address(self) -> str | tuple[str, int]:
        """As a socket takes it."""
        return (
            (self.machine.address, self.port) if self.machine.enter else f"{VAR}/{self.name}.sock"
        )

    @property
    def listen(self) -> str:
        """As RINHA_LISTEN says it."""
        where = self.address
        return f"unix:{where}" if isinstance(where, str) else f"{where[0]}:{where[1]}"


def places(knobs: settings.Settings) -> list[Place]:
    """In turn on the machines that a cluster has for them, or all here."""
    machines = [Machine()]
    if knobs.engine != "sqlite" and our_machines().are_there():
        machines = our_machines().some(INSTANCES_ON)
    return [
        Place(name, FIRST_PORT + number, machines[number % len(machines)])
        for number, name in enumerate(launch.instance_names(knobs.instances))
    ]


def write_services(knobs: settings.Settings) -> None:
    (VAR / "log").mkdir(parents=True, exist_ok=True)
    found = places(knobs)
    start = launch.nginx(
        VAR,
        port=knobs.port,
        bind=knobs.bind,
        instances=knobs.instances,
        edition=knobs.edition,
        ops_port=knobs.ops_port,
        places=[place.listen for place in found if place.machine.enter],
    )
    launch.assert_nginx_starts(VAR, start)
    metrics = f"RINHA_METRICS={'on' if knobs.ops_port else 'off'}"
    # A new start counts anew; an instance that is restarted goes on.
    olds = list(VAR.glob("*.counts"))
    if isinstance(knobs.ledger, Path):
        olds += knobs.ledger.parent.glob("*.replica.state")
    for old in olds:
        old.unlink()
    for place in found:
        words = [*place.machine.enter, "env", f"RINHA_LISTEN={place.listen}", metrics]
        _write_service(place.name, "../../..", [*words, *WITH_ITS_PARENT, *launch.INSTANCE])
    if knobs.replica:
        _write_service("replica", "../../..", [*WITH_ITS_PARENT, *launch.FOLLOW])
    _write_service("nginx", "../..", start, TAKE_OVER)
    _write_script(SERVICES / "nginx" / "control" / "t", GENTLE_STOP)
    if launch.ONE_FILE:
        BIN.mkdir()
        for program in PROGRAMS:
            (BIN / program).symlink_to(sys.executable)
    # In the second in which its folder was changed runsvdir only sleeps.
    os.utime(SERVICES, (0, 0))


def _write_service(name: str, directory: str, command: Sequence[str], before: str = "") -> None:
    _write_run(SERVICES / name / "run", directory, command, before)
    _write_run(SERVICES / name / "log" / "run", ".", ["svlogd", f"../../../log/{name}"])
    logs_of = VAR / "log" / name
    logs_of.mkdir(parents=True, exist_ok=True)
    (logs_of / "config").write_text(LOG_CONFIG)


def _write_run(path: Path, directory: str, command: Sequence[str], before: str = "") -> None:
    """The one file takes the words from beside it, and knows what is to be done before."""
    text = RUN.format(directory=directory, before=before, command=shlex.join(command))
    _write_script(path, text)
    if launch.ONE_FILE:
        path.with_name("words").write_text("".join(f"{word}\0" for word in [directory, *command]))


def _write_script(path: Path, text: str) -> None:
    """In the one file a link to it in place of a shell's: there may be none, and no file here that
    may be executed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if launch.ONE_FILE:
        path.symlink_to(sys.executable)
    else:
        path.write_text(text)
        path.chmod(0o700)


def environment() -> dict[str, str]:
    """With runit's programs on the way."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": f"{launch.HOME / BIN}:{path}" if launch.ONE_FILE else path}


def services(pattern: str = "[!.]*") -> list[Path]:
    return sorted(SERVICES.resolve().glob(pattern))


def stop_services() -> None:
    """The entrance first, so that no request meets a stack half gone, and what follows last, so
    that it misses none. Also those that a killed supervisor left behind."""
    for group in (services("nginx"), services("api*"), services("replica")):
        if group:
            command: list[str | Path] = ["sv", "-w", str(DOWN_MAX_S), "force-shutdown", *group]
            run_apart(command, env=environment(), stdout=subprocess.DEVNULL)
    _end_strays()
    shutil.rmtree(SERVICES, ignore_errors=True)


def _end_strays() -> None:
    """An nginx whose master or whose runsv was killed, and that no other one took over from; and
    loggers, which on a full disk do not end while they have something to write."""
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
            continue  # gone by now, or somebody else's
        if name and folder.is_relative_to(here) and not folder.is_relative_to(others):
            found[int(process.name)] = name[1].decode()
    return found
