"""The stack as plain processes: runit watches nginx and the instances and keeps their logs.

Runs from the top of the checkout; whatever it writes is in var/.
"""

import contextlib
import fcntl
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
from collections.abc import Iterator
from pathlib import Path

from rinha import settings
from rinha.errors import SettingError
from stack import launch
from stack.launch import ROOT
from stack.services import DOWN_MAX_S, SERVICES, VAR, services, stop_services, write_services

SENTENCES = dict(
    line.split("=", 1) for line in (ROOT / "stack" / "sentences").read_text().splitlines()
)
RINHA = (sys.executable, "-m", "rinha")
PID = VAR / "runsvdir.pid"
# Where the stack that runs listens, whatever the settings say by now.
RUNNING_PORT = VAR / "port"
# A cold start on a busy machine takes 2 s.
UP_MAX_S = 20.0
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
    if command in ("up", "restore"):
        _end_what_lost_its_folder()
        _install_litestream(knobs)
    if command in ("check", "sql", "snapshot", "restore"):
        if command == "snapshot":
            Path("out").mkdir(exist_ok=True)
            words = [f"out/rinha-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.db"]
        os.execv(sys.executable, [*RINHA, command, *words])  # noqa: S606
    commands = {
        "up": up,
        "down": down,
        "status": status,
        "reset": reset,
        "logs": logs,
        "stats": stats,
    }
    with _one_at_a_time() if command in ("up", "down") else contextlib.nullcontext():
        return commands[command](knobs)


def up(knobs: settings.Settings) -> int:
    if _supervisor():
        return _say("UP_ALREADY", _url(knobs))
    stop_services()
    for program, package in ((launch.NGINX, "nginx-light"), ("runsvdir", "runit")):
        if not shutil.which(program):
            return _fail(f"there is no {program}: apt-get install {package}")
    for name, port in (("PORT", knobs.port), ("OPS_PORT", knobs.ops_port)):
        trouble = port and _trouble_with_port(name, port)
        if trouble:
            return _fail(trouble)
    # What is wrong with the ledger is said now, by one voice, and not after a long wait by several.
    made = subprocess.run([*RINHA, "init"], stdout=subprocess.DEVNULL, check=False)
    if made.returncode:
        return made.returncode
    write_services(knobs)
    RUNNING_PORT.write_text(str(knobs.port))
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
    url = _url(knobs)
    what = f"nginx, {knobs.instances} instances, ledger {knobs.ledger}"
    if knobs.replica:
        what += f", a copy at {knobs.replica}"
    verbs = "make check    make sql    make status    make logs    make down"
    ops = f"http://localhost:{knobs.ops_port}" if knobs.ops_port else "switched off"
    return _say("UP", url, what, ops, url, url, verbs)


def down(_knobs: settings.Settings) -> int:
    pid = _supervisor()
    if not pid and not SERVICES.exists():
        return _say("NOT_UP")
    _stop(pid)
    return _say("DOWN")


def _stop(pid: int | None) -> None:
    if pid:
        # Told to hang up it ends its services too, which else are asked one by one.
        has_folder = SERVICES.exists()
        waits_for = [pid] if has_folder else [pid, *_children(pid)]
        os.kill(pid, signal.SIGTERM if has_folder else signal.SIGHUP)
        deadline = time.monotonic() + DOWN_MAX_S
        while any(map(_is_alive, waits_for)) and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN_S)
    PID.unlink(missing_ok=True)
    stop_services()


def status(knobs: settings.Settings) -> int:
    if not _supervisor():
        _say("NOT_UP")
        return 3
    subprocess.run(["sv", "status", *services()], check=False)
    if services("replica"):
        subprocess.run([*RINHA, "follow", "state"], check=False)
    url = f"{_url(knobs)}/health"
    code, answer = _ask("GET", url)
    print(f"{url} answers {code} {answer}")
    return 0 if code == 200 else 1


def stats(_knobs: settings.Settings) -> int:
    """As `make stats` for containers; plain processes have no limits, so none is throttled."""
    pids = [path.read_text().strip() for path in VAR.glob("service/*/supervise/pid")]
    pids += [path.read_text().strip() for path in VAR.glob("nginx.pid")]
    if not _supervisor():
        return _fail(SENTENCES["NOTHING_RUNS"])
    columns = "pid,pcpu,rss,nlwp,args"
    return subprocess.run(["ps", "-o", columns, "-p", ",".join(pids)], check=False).returncode


def reset(knobs: settings.Settings) -> int:
    code, answer = _ask("POST", f"{_url(knobs)}/reset")
    if code == 200:
        return _say("EMPTY")
    return _fail(answer if code else SENTENCES["NOTHING_RUNS"])


def logs(_knobs: settings.Settings) -> int:
    files = _log_files()
    if files:
        os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])  # noqa: S606
    return _fail("there are no logs yet")


def _read_dotenv() -> None:
    """As docker compose does: the environment wins over the file."""
    path = Path(".env")
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or not name.strip() or name.startswith("#"):
            continue
        value = value.strip()
        quote = value[:1]
        value = value[1:].partition(quote)[0] if quote in ("'", '"') else value.split(" #")[0]
        os.environ.setdefault(name.strip(), value.strip())


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two people, or a person and a script, who start or stop the same stack at once."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _url(knobs: settings.Settings) -> str:
    port = RUNNING_PORT.read_text() if _supervisor() and RUNNING_PORT.exists() else knobs.port
    return f"http://localhost:{port}"


def _log_files() -> list[Path]:
    return sorted((VAR / "log").glob("*/current"))


def _supervisor() -> int | None:
    """Ours, and not a stranger that was given the number of one that is gone. Where var/ was
    removed, so was the number, but not the process."""
    try:
        pids = [int(PID.read_text())]
    except (OSError, ValueError):
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return next(filter(_is_ours, pids), None)


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        folder = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return False
    return folder == ROOT and command.startswith(b"runsvdir") and str(SERVICES).encode() in command


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _end_what_lost_its_folder() -> None:
    """Where var/ was removed under a running stack, all that it can answer is a refusal."""
    pid = _supervisor()
    if pid and not SERVICES.exists():
        _stop(pid)


def _install_litestream(knobs: settings.Settings) -> None:
    if knobs.replica and not (Path(sys.executable).parent / "litestream").exists():
        done = subprocess.run(["stack/setup.sh", "replica"], check=False)
        if done.returncode:
            sys.exit(done.returncode)


def _trouble_with_port(name: str, port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - as nginx will
        except PermissionError:
            return f"this user may not listen on port {port}: {name}=8888 make up"
        except OSError:
            return SENTENCES["PORT_IN_USE"] % (port, name)
    return None


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _wait_until_healthy(knobs: settings.Settings) -> bool:
    """Every instance listens, and one answers through nginx."""
    deadline = time.monotonic() + UP_MAX_S
    sockets = [VAR / f"{name}.sock" for name in launch.instance_names(knobs.instances)]
    while time.monotonic() < deadline:
        if all(_listens(path) for path in sockets):
            code, _ = _ask("GET", f"{_url(knobs)}/health")
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


def _say(sentence: str, *words: object) -> int:
    """Line breaks stand in the file as a shell's printf reads them."""
    print(SENTENCES[sentence].replace("\\n", "\n") % words)
    return 0


def _fail(reason: str) -> int:
    print(f"rinha: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
