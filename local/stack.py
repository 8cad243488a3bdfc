"""The stack as plain processes: runit watches nginx and the instances and keeps their logs. Imports
nginx_conf, rinha.errors and rinha.settings.

Runs from the top of the checkout; whatever it writes is in var/.
"""

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from local.nginx_conf import render
from rinha import settings
from rinha.errors import SettingError

ROOT = Path(__file__).resolve().parent.parent
VAR = Path("var")
SERVICES = VAR / "service"
PID = VAR / "runsvdir.pid"
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
# A cold start on a busy machine takes 2 s; a stop at most what an instance may take, and a little.
UP_MAX_S = 30.0
DOWN_MAX_S = 4
LOOK_AGAIN_S = 0.1


def main() -> int:
    os.chdir(ROOT)
    _read_dotenv()
    # The challenge wants a fresh ledger for each run; a bank would leave this off.
    os.environ.setdefault("RINHA_RESET", "on")
    try:
        knobs = settings.load(os.environ)
    except SettingError as error:
        return _fail(str(error))
    command, *words = sys.argv[1:]
    if command in ("check", "sql", "snapshot"):
        if command == "snapshot":
            Path("out").mkdir(exist_ok=True)
            words = [f"out/rinha-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.db"]
        os.execv(".venv/bin/rinha", ["rinha", command, *words])  # noqa: S606
    commands = {
        "up": up,
        "down": down,
        "status": status,
        "reset": reset,
        "logs": logs,
        "stats": stats,
    }
    return commands[command](knobs)


def up(knobs: settings.Settings) -> int:
    url = f"http://localhost:{knobs.port}"
    if _supervisor():
        print(f"rinha is up already: {url}")
        return 0
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin"
    for program, package in (("nginx", "nginx-light"), ("runsvdir", "runit")):
        if not shutil.which(program):
            return _fail(f"there is no {program}: apt-get install {package}")
    if _port_is_taken(knobs.port):
        return _fail(f"port {knobs.port} is in use: stop what listens there, or PORT=8888 make up")
    _write_services(knobs)
    with (VAR / "log" / "runsvdir.log").open("w") as log:
        supervisor = subprocess.Popen(
            ["runsvdir", "-P", SERVICES], stdin=log, stdout=log, stderr=log, start_new_session=True
        )
    PID.write_text(str(supervisor.pid))
    if not _wait_until_healthy(knobs):
        for path in _log_files():
            print(f"{path}:", *path.read_text().splitlines()[-3:], sep="\n  ", file=sys.stderr)
        down(knobs)
        return _fail(f"the stack did not answer within {UP_MAX_S:g} s; its last words are above")
    print(f"rinha is up: {url} (nginx, {knobs.instances} instances, ledger {knobs.file})")
    print("try:")
    body = '{"valor": 1000, "tipo": "c", "descricao": "abc"}'
    print(f"  curl {url}/clientes/1/transacoes -d '{body}'")
    print(f"  curl {url}/clientes/1/extrato")
    print("  make check    make sql    make status    make logs    make down")
    return 0


def down(_knobs: settings.Settings) -> int:
    pid = _supervisor()
    if not pid:
        print("rinha is not up")
        return 0
    os.kill(pid, signal.SIGTERM)
    _stop_services()
    print("rinha is down; its ledger stays")
    return 0


def status(knobs: settings.Settings) -> int:
    if not _supervisor():
        print("rinha is not up")
        return 3
    subprocess.run(["sv", "status", *_services()], check=False)
    code, answer = _ask("GET", f"http://localhost:{knobs.port}/health")
    print(f"http://localhost:{knobs.port}/health answers {code} {answer}")
    return 0 if code == 200 else 1


def stats(_knobs: settings.Settings) -> int:
    """As `make stats` for containers; plain processes have no limits, so none is throttled."""
    pids = [path.read_text().strip() for path in VAR.glob("service/*/supervise/pid")]
    pids += [path.read_text().strip() for path in VAR.glob("nginx.pid")]
    if not _supervisor():
        return _fail("nothing runs: `make up` first")
    columns = "pid,pcpu,rss,nlwp,args"
    return subprocess.run(["ps", "-o", columns, "-p", ",".join(pids)], check=False).returncode


def reset(knobs: settings.Settings) -> int:
    code, answer = _ask("POST", f"http://localhost:{knobs.port}/reset")
    if code == 200:
        print("the ledger is empty")
        return 0
    return _fail(answer if code else "nothing answers: `make up` first")


def logs(_knobs: settings.Settings) -> int:
    files = _log_files()
    if files:
        os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])  # noqa: S606
    return _fail("there are no logs yet")


def _read_dotenv() -> None:
    """As docker compose does: the environment wins over the file."""
    path = Path(".env")
    for line in path.read_text().splitlines() if path.exists() else []:
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())


def _write_services(knobs: settings.Settings) -> None:
    (VAR / "log").mkdir(parents=True, exist_ok=True)
    user = getpass.getuser() if os.geteuid() == 0 else None
    conf = render(
        Path("nginx.conf").read_text(), port=knobs.port, instances=knobs.instances, user=user
    )
    (VAR / "nginx.conf").write_text(conf)
    _stop_services()
    for name in (f"api{number + 1:02d}" for number in range(knobs.instances)):
        listen = f"RINHA_LISTEN=unix:var/{name}.sock"
        _write_service(name, "../../..", f"env {listen} .venv/bin/rinha serve")
    _write_service("nginx", "../..", "nginx -p . -c nginx.conf")
    _write_script(SERVICES / "nginx" / "control" / "t", GENTLE_STOP)


def _write_service(name: str, directory: str, command: str) -> None:
    _write_script(SERVICES / name / "run", RUN.format(directory=directory, command=command))
    _write_script(SERVICES / name / "log" / "run", LOG.format(name=name))
    logs_of = VAR / "log" / name
    logs_of.mkdir(parents=True, exist_ok=True)
    (logs_of / "config").write_text(LOG_CONFIG)


def _write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _services(pattern: str = "*") -> list[Path]:
    return sorted(SERVICES.resolve().glob(pattern))


def _stop_services() -> None:
    """The entrance first, so that no request meets a stack half gone. Also those that a killed
    supervisor left behind."""
    for services in (_services("nginx"), _services("api*")):
        if services:
            subprocess.run(
                ["sv", "-w", str(DOWN_MAX_S), "force-shutdown", *services],
                check=False,
                stdout=subprocess.DEVNULL,
            )
    shutil.rmtree(SERVICES, ignore_errors=True)


def _log_files() -> list[Path]:
    return sorted((VAR / "log").glob("*/current"))


def _supervisor() -> int | None:
    try:
        pid = int(PID.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"runsvdir" in command else None


def _port_is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - as nginx will
        except OSError:
            return True
    return False


def _wait_until_healthy(knobs: settings.Settings) -> bool:
    """Every instance listens, and one answers through nginx."""
    deadline = time.monotonic() + UP_MAX_S
    sockets = [VAR / f"api{number + 1:02d}.sock" for number in range(knobs.instances)]
    while time.monotonic() < deadline:
        if all(path.exists() for path in sockets):
            code, _ = _ask("GET", f"http://localhost:{knobs.port}/health")
            if code == 200:
                return True
        time.sleep(LOOK_AGAIN_S)
    return False


def _ask(method: str, url: str) -> tuple[int, str]:
    try:
        request = urllib.request.Request(url, method=method)  # noqa: S310 - always our own http
        with urllib.request.urlopen(request, timeout=UP_MAX_S) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]
    except OSError:
        return 0, "nothing"


def _fail(reason: str) -> int:
    print(f"rinha: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
