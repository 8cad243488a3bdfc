"""Runs the Docker CLI, in a session of its own: Ctrl-C in the terminal does not reach it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from loadtest.limits import ENGINE_ANSWER_MAX_S, ENGINE_TEXT_MAX
from loadtest.wire.outcome import printable

HINT = "; `--rules-only` checks the file without an engine"


class EngineError(Exception):
    """The arena cannot begin; the text says what is missing or in the way."""


class Ended(NamedTuple):
    """Exit code and output of a finished command."""

    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The line that says why it failed, as one printable line."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        named = [line for line in lines if _says_why(line)]
        return printable((named or lines or ["the engine gives no reason"])[-1], ENGINE_TEXT_MAX)


def _says_why(line: str) -> bool:
    return any(
        word in line.lower() for word in ("error", "fail", "denied", "unhealthy", "conflict")
    )


def docker(*args: str, timeout_s: float = ENGINE_ANSWER_MAX_S) -> Ended:
    """Runs one command to its end; at the timeout, or an interrupt, it and its children end."""
    process = begin(*args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        kill(process)
        return Ended(-1, "", f"error: no end of `docker {args[0]}` in {timeout_s:.0f} s")
    except BaseException:
        kill(process)
        raise
    return Ended(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def begin(*args: str, stdout: int, stderr: int) -> "subprocess.Popen[bytes]":
    """Starts a command; variables of the user's own compose projects are not for this one."""
    return subprocess.Popen(
        ["docker", *args],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=_environment(os.environ),
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Ends a command with the plugins that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith("COMPOSE_")}


def require_engine() -> None:
    """Requires a Docker daemon that answers this user, and its compose plugin."""
    if shutil.which("docker") is None:
        raise EngineError(f"there is no `docker` on the PATH: install Docker Engine{HINT}")
    compose = docker("compose", "version", "--short")
    if compose.code != 0:
        raise EngineError(f"docker has no compose plugin: install docker-compose-plugin{HINT}")
    answer = docker("version", "--format", "{{.Server.Version}}")
    if answer.code == 0:
        return
    if "permission denied" in answer.err:
        why = "this user may not use the Docker daemon: join the group docker, or use sudo"
    else:
        why = f"no Docker daemon answers ({answer.reason}): start it"
    raise EngineError(f"{why}{HINT}")
