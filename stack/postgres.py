"""PostgreSQL's own programs: where they are, as whom they run, and a server made in a folder."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Debian's package makes this user. The programs refuse to run as root.
USER = "postgres"


class MissingError(Exception):
    """There is no PostgreSQL on this system."""


def program(name: str) -> Path:
    """Debian keeps them out of the PATH, by version."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[4]),
    )
    where = shutil.which(name) if not found else found[-1]
    if where is None:
        raise MissingError("there is no PostgreSQL: apt-get install postgresql")
    return Path(where).resolve()


def as_user() -> list[str]:
    """What to put in front of a command."""
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
    return become if os.geteuid() == 0 else []


def user() -> str:
    """Who that is."""
    return USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def give(folder: Path) -> None:
    """To whom the programs run as."""
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)


def make(data: Path, settings: Mapping[str, str], *options: str) -> None:
    """A new server's folder."""
    data.mkdir()
    give(data)
    run([program("initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", *options])
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())


def run(command: Sequence[str | Path], text: str = "") -> str:
    """As that user; what it said, or an error with what it said last."""
    done = subprocess.run(
        [*as_user(), *command], input=text, cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode or "ERROR" in done.stderr:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stderr.strip()}")
    return done.stdout
