"""The stack that runs: its supervisor, its settings, its address and its answers."""

import http.client
import json
import os
import socket
import time
from pathlib import Path

from rinha.settings import Settings, value_of
from stack import launch
from stack.services import LOOK_AGAIN_S, SERVICES, VAR, Place, places, services

PID = VAR / "runsvdir.pid"
# The loopback address to ask when nginx listens on every address.
ASKED_AT = {launch.EVERY_ADDRESS: "127.0.0.1", "[::]": "::1"}
# A cold start on a busy machine takes 2 s.
UP_MAX_S = 20.0


def supervisor() -> int | None:
    """Returns the pid of this stack's runsvdir, or None.

    The pid in the file may belong to another process by now. Without the file, which is removed
    with var/, every process is examined.
    """
    try:
        pids = [int(PID.read_text())]
    except ValueError:
        return None
    except OSError:
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return next(filter(_is_ours, pids), None)


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        folder = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return False
    is_runsvdir = command.startswith(b"runsvdir\0")
    return folder == launch.HOME and is_runsvdir and str(SERVICES).encode() in command


def environ() -> dict[str, str] | None:
    """Returns the environment of the stack that runs, or None.

    The kernel keeps it for the owner of the process, so no file has to keep the settings.
    """
    pid = supervisor()
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes() if pid else b""
    except OSError:
        return None  # ended meanwhile
    pairs = (os.fsdecode(pair).partition("=") for pair in text.split(b"\0") if pair)
    return {name: value for name, _, value in pairs} if pid else None


def url(settings: Settings) -> str:
    bind, port = _address(settings)
    return f"http://{'localhost' if bind == launch.EVERY_ADDRESS else bind}:{port}"


def _address(settings: Settings) -> tuple[str, int]:
    """Returns BIND and PORT of the stack that runs, or those of the settings."""
    runs = environ()
    if runs is None:
        return settings.bind, settings.port
    return value_of("BIND", runs), value_of("PORT", runs)


def log_files() -> list[Path]:
    """Returns the logs of the parts that run. If none runs: the logs of all earlier runs."""
    names = [service.name for service in services()] if supervisor() else ["*"]
    return sorted(path for name in names for path in (VAR / "log").glob(f"{name}/current"))


def _listens(place: Place) -> bool:
    with socket.socket(socket.AF_INET if place.machine.enter else socket.AF_UNIX) as probe:
        probe.settimeout(LOOK_AGAIN_S)
        return probe.connect_ex(place.address) == 0


def wait_until_healthy(settings: Settings) -> bool:
    """Waits until every instance listens and one answers through nginx; False on a timeout."""
    deadline = time.monotonic() + UP_MAX_S
    found = places(settings)
    while time.monotonic() < deadline:
        if all(map(_listens, found)):
            code, _ = ask("GET", "/health", settings)
            if code == 200:
                return True
        time.sleep(LOOK_AGAIN_S)
    return False


def ask(method: str, path: str, settings: Settings) -> tuple[int, str]:
    """Sends a request through nginx; returns the status and the text, or 0 without an answer.

    It uses a numeric address, because a bare system has no /etc/hosts.
    """
    bind, port = _address(settings)
    host = ASKED_AT.get(bind, bind).strip("[]")
    connection = http.client.HTTPConnection(host, port, timeout=UP_MAX_S)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, text if answer.status == 200 else json.loads(text)["error"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        # ValueError and KeyError: another server answered there, not this stack.
        return 0, "nothing"
    finally:
        connection.close()
