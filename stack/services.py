"""What runit watches: a folder for nginx and for each instance, with how to run it and where its
words go."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rinha import settings
from stack import launch

VAR = Path("var")
SERVICES = VAR / "service"
# At most what an instance may take, and a little.
DOWN_MAX_S = 4
RUN = """#!/bin/sh
# Written by `make up`.
exec 2>&1
cd {directory}
exec {command}
"""
LOG = """#!/bin/sh
exec svlogd ../../../log/{name}
"""
# Three old files of 10 MB each beside the current one.
LOG_CONFIG = "s10000000\nn3\n"
# Ends nginx when the requests begun are answered, where TERM would cut them.
GENTLE_STOP = """#!/bin/sh
kill -QUIT "$(cat supervise/pid)"
"""


def write_services(knobs: settings.Settings) -> None:
    (VAR / "log").mkdir(parents=True, exist_ok=True)
    stop_services()
    metrics = f"RINHA_METRICS={'on' if knobs.ops_port else 'off'}"
    # A new start counts anew; an instance that is restarted goes on.
    for counts in VAR.glob("*.counts"):
        counts.unlink()
    for name in launch.instance_names(knobs.instances):
        settings_of_it = (f"RINHA_LISTEN=unix:var/{name}.sock", metrics)
        _write_service(name, "../../..", ["env", *settings_of_it, *launch.INSTANCE])
    if knobs.replica:
        _write_service("replica", "../../..", launch.FOLLOW)
    start = launch.nginx(VAR, port=knobs.port, instances=knobs.instances, ops_port=knobs.ops_port)
    _write_service("nginx", "../..", start)
    _write_script(SERVICES / "nginx" / "control" / "t", GENTLE_STOP)


def _write_service(name: str, directory: str, command: Sequence[str]) -> None:
    text = RUN.format(directory=directory, command=shlex.join(command))
    _write_script(SERVICES / name / "run", text)
    _write_script(SERVICES / name / "log" / "run", LOG.format(name=name))
    logs_of = VAR / "log" / name
    logs_of.mkdir(parents=True, exist_ok=True)
    (logs_of / "config").write_text(LOG_CONFIG)


def _write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def services(pattern: str = "*") -> list[Path]:
    return sorted(SERVICES.resolve().glob(pattern))


def stop_services() -> None:
    """The entrance first, so that no request meets a stack half gone, and what follows last, so
    that it misses none. Also those that a killed supervisor left behind."""
    for group in (services("nginx"), services("api*"), services("replica")):
        if group:
            subprocess.run(
                ["sv", "-w", str(DOWN_MAX_S), "force-shutdown", *group],
                check=False,
                stdout=subprocess.DEVNULL,
            )
    shutil.rmtree(SERVICES, ignore_errors=True)
