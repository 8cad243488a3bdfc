"""Machine, disk, commit and versions of a run."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import apsw

from stack.paths import ROOT

PACKAGES = (
    *("falcon", "bjoern", "msgspec", "apsw"),
    *("psycopg", "fastapi", "uvicorn", "uvloop", "httptools", "asyncpg"),
)
# A commit of the service writes about this much to the WAL.
BLOCK = b"x" * 4096
FILE_BLOCKS = 1000
# Half a second where an fsync takes 2 ms.
SYNCS = 250


def origin(folder: Path) -> dict[str, str]:
    """Returns the machine and the time, for the head of the page."""
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "machine": f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"{memory_bytes / 2**30:.0f} GiB",
        "system": f"{_system()}, Linux {platform.release()}",
        "disk": _file_system_of(folder),
    }


def versions() -> dict[str, str]:
    found = {
        "Python": platform.python_version(),
        "nginx": _version_of("nginx", "-v"),
        "PostgreSQL": _version_of("psql", "--version"),
        "SQLite in apsw": apsw.sqlite_lib_version(),
        "SQLite in sqlite3": sqlite3.sqlite_version,
    }
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return {name: text for name, text in found.items() if text}


def fsync_times_ms(folder: Path) -> list[float]:
    """Times of single blocks written over a file of constant size, as a WAL is written."""
    path = folder / "fsync"
    path.write_bytes(BLOCK * FILE_BLOCKS)
    times_ms = []
    with path.open("r+b", buffering=0) as file:
        os.fsync(file.fileno())
        for _ in range(SYNCS):
            file.write(BLOCK)
            started_at = time.perf_counter()
            os.fdatasync(file.fileno())
            times_ms.append((time.perf_counter() - started_at) * 1000)
    path.unlink()
    return times_ms


def _file_system_of(folder: Path) -> str:
    """Returns type and device: a file system in memory makes fsync free."""
    shown = subprocess.check_output(["df", "--output=fstype,source", folder], text=True)
    return " on ".join(shown.splitlines()[1].split(maxsplit=1))


def _commit() -> str:
    git = ["git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--dirty= and changes"]
    with suppress(OSError, subprocess.CalledProcessError):
        return subprocess.check_output(git, text=True).strip()
    return "unknown"


def _system() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return platform.system()


def _version_of(program: str, option: str) -> str:
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not path:
        return ""
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.[\d.]+", done.stdout + done.stderr)
    return found[0] if found else ""
