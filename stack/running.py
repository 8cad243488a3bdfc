"""What is known of the stack that runs: who watches it, where it listens, what it answers."""

import http.client
import json
import os
import socket
import time
from pathlib import Path

from rinha import settings
from stack import launch
from stack.services import LOOK_AGAIN_S, SERVICES, VAR, Place, places, services

PID = VAR / "runsvdir.pid"
# The address to ask, where nginx listens on all of them.
ASKED_AT = {launch.EVERY_ADDRESS: "127.0.0.1", "[::]": "::1"}
# A cold start on a busy machine takes 2 s.
UP_MAX_S = 20.0


def supervisor() -> int | None:
    """Ours, and not a stranger that was given the number of one that is gone. Where var/ was
    removed, so was the number, but not the process."""
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
    """The environment of the stack that runs, as the kernel keeps it for its owner: no file has
    to hold what was said at its start. None where nothing runs."""
    pid = supervisor()
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes() if pid else b""
    except OSError:
        return None  # ended meanwhile
    pairs = (os.fsdecode(pair).partition("=") for pair in text.split(b"\0") if pair)
    return {name: value for name, _, value in pairs} if pid else None


def url(knobs: settings.Settings) -> str:
    bind, port = _address(knobs)
    return f"http://{'localhost' if bind == launch.EVERY_ADDRESS else bind}:{port}"


def _address(knobs: settings.Settings) -> tuple[str, int]:
    """Where nginx listens, as the settings write it."""
    runs = environ()
    if runs is None:
        return knobs.bind, knobs.port
    return settings.value_of("BIND", runs), settings.value_of("PORT", runs)


def log_files() -> list[Path]:
    """Those of its parts; of all that ever ran here, where nothing runs."""
    names = [service.name for service in services()] if supervisor() else ["*"]
    return sorted(path for name in names for path in (VAR / "log").glob(f"{name}/current"))


def _listens(place: Place) -> bool:
    with socket.socket(socket.AF_INET if place.machine.enter else socket.AF_UNIX) as probe:
        probe.settimeout(LOOK_AGAIN_S)
        return probe.connect_ex(place.address) == 0


def wait_until_healthy(knobs: settings.Settings) -> bool:
    """Every instance listens, and one answers through nginx."""
    deadline = time.monotonic() + UP_MAX_S
    found = places(knobs)
    while time.monotonic() < deadline:
        if all(map(_listens, found)):
            code, _ = ask("GET", "/health", knobs)
            if code == 200:
                return True
        time.sleep(LOOK_AGAIN_S)
    return False


def ask(method: str, path: str, knobs: settings.Settings) -> tuple[int, str]:
    """The address in numbers: a bare system has no list of hosts."""
    bind, port = _address(knobs)
    host = ASKED_AT.get(bind, bind).strip("[]")
    connection = http.client.HTTPConnection(host, port, timeout=UP_MAX_S)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, text if answer.status == 200 else json.loads(text)["error"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        # The last two: what answers there is another one's, and no error of ours.
        return 0, "nothing"
    finally:
        connection.close()
