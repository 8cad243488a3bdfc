"""PostgreSQL's own programs: their path, the account that runs them, and a server."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from stack.part import Part, become

# Debian's package makes this user. The programs refuse to run as root.
USER = "postgres"


class MissingError(Exception):
    """There is no PostgreSQL on this system."""


def program(name: str) -> Path:
    """Returns the path of the newest version: Debian installs each outside the PATH."""
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: int(path.parts[4]), default=None)
    where = newest or shutil.which(name)
    if where is None:
        raise MissingError("there is no PostgreSQL: apt-get install postgresql")
    return Path(where).resolve()


def user() -> str:
    """Returns the name of the account that runs PostgreSQL."""
    return USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def give(folder: Path) -> None:
    """Makes that account the owner of a file or folder."""
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)


def make(data: Path, settings: Mapping[str, str], *options: str) -> None:
    """Makes the data folder of a new server."""
    data.mkdir()
    give(data)
    run([program("initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", *options])
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())


def server(data: Path) -> Part:
    """Returns the part that serves this data folder."""
    command: list[str | Path] = [program("postgres"), "-D", data]
    return Part("postgres", command, is_ready=partial(is_ready, data), user=USER)


def is_ready(data: Path) -> bool:
    """Tells if the server accepts connections. It listens before; its pid file says when it does.

    The file of a killed server stays.
    """
    try:
        pid, *_, state = (data / "postmaster.pid").read_text().split()
        return state == "ready" and Path(f"/proc/{pid}/cwd").samefile(data)
    except (OSError, ValueError):
        return False


def run(command: Sequence[str | Path], text: str = "") -> str:
    """Runs a command as that account, and returns its output; fails with its stderr."""
    done = subprocess.run(
        [*become(USER), *command], input=text, cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode or "ERROR" in done.stderr:
        name = Path(command[0]).name
        raise OSError(f"{name}: {done.stderr.strip().removeprefix(f'{name}: ')}")
    return done.stdout
