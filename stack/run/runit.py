"""Runs parts under runit: one service for each, which is started again when it ends."""

import contextlib
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from stack import paths
from stack.interrupts import delayed, run_in_own_session
from stack.part import Part, wait_until
from stack.run.service import Overrides, link_to_executable, replace_text, write_service
from stack.usage import children_of

# Started under one of these names, the one file runs that program of its own.
PROGRAMS = ("runsvdir", "runsv", "sv")
# A program is executed within milliseconds, on a busy machine within a second.
START_MAX_S = 5.0
# More than the age at which runsvdir scans a changed folder at once, and a year in which to choose.
SCAN_PAUSE_S = 10
TIMES_S = 31_536_000


class Runit:
    """The services in a folder, and the runsvdir that supervises them."""

    def __init__(self, top: Path, stop_max_s: int) -> None:
        """`top` is relative to HOME; a part that does not stop within `stop_max_s` is killed."""
        self.folder, self.logs = top / "service", top / "log"
        self._top, self._stop_max_s = top, stop_max_s
        self._pid_file = top / "runsvdir.pid"
        # runsvdir ignores names that begin with a dot.
        self._programs, self._order = self.folder / ".bin", self.folder / ".order"
        self._overrides = self.folder / ".settings"

    def write(self, parts: Sequence[Part]) -> None:
        """Prepares the parts, and writes their services."""
        for part in parts:
            if part.prepare:
                part.prepare()
        for part in parts:
            write_service(self.folder / part.name, part, self.logs, {})
        self.write_common(parts)

    def write_common(self, parts: Sequence[Part]) -> None:
        """Writes what the services share: the order of their stop, and links of the one file."""
        if paths.ONE_FILE:
            self._programs.mkdir(exist_ok=True)
            for program in PROGRAMS:
                link_to_executable(self._programs / program)
        kinds = itertools.groupby(reversed(parts), lambda part: part.kind or part.name)
        groups = [[part.name for part in group] for _, group in kinds]
        successors = {part.program: part.stop_signal for part in parts if part.takes_over}
        replace_text(self._order, json.dumps([groups, successors]))

    def write_part(self, part: Part, overrides: Overrides) -> None:
        """Writes the service of a part that runs, or adds one, which runsvdir starts within 6 s."""
        service = self.folder / part.name
        is_new = not service.exists()
        # runsv looks for the logger once, at its start: the service appears as a whole.
        written = self.folder / f".{part.name}" if is_new else service
        if is_new:
            shutil.rmtree(written, ignore_errors=True)
        write_service(written, part, self.logs, overrides)
        if is_new:
            written.rename(service)
            self._seem_unchanged()

    def _seem_unchanged(self) -> None:
        """Saves a second: runsvdir sleeps before it scans a folder that has just been changed.

        Each call sets another time: runsvdir ignores a folder that has the time of its
        last scan, which may be less than a second ago.
        """
        past = time.time() - SCAN_PAUSE_S - secrets.randbelow(TIMES_S)
        os.utime(self.folder, (past, past))

    def end_part(self, name: str) -> None:
        """Ends a part and its supervisor, and removes its service."""
        # Under a name that runsvdir ignores. Else it would start the supervisor again.
        ended = self.folder / f".{name}"
        shutil.rmtree(ended, ignore_errors=True)
        (self.folder / name).rename(ended)
        self.sv("-w", str(self._stop_max_s), "force-shutdown", ended.resolve(), stdout=DEVNULL)
        shutil.rmtree(ended, ignore_errors=True)

    def start(self) -> None:
        # Until the new pid is written, supervisor() finds runsvdir without a pid file.
        self._pid_file.unlink(missing_ok=True)
        self._seem_unchanged()
        with delayed(), (self.logs / "runsvdir.log").open("w") as log:
            supervisor = subprocess.Popen(
                ["runsvdir", "-P", self.folder],
                stdin=log,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=self._environment(),
            )
            # At once: an empty file, as a full disk leaves it, would hide the supervisor.
            replace_text(self._pid_file, str(supervisor.pid))
            # For a moment it has no command line, by which stop() would know it.
            wait_until(lambda: self._is_ours(supervisor.pid), START_MAX_S)

    def supervisor(self) -> int | None:
        """Returns the pid of the runsvdir of this folder, or None.

        The pid in the file may belong to another process by now. Without the file, which is removed
        with its folder, every process is examined.
        """
        try:
            pids = [int(self._pid_file.read_text())]
        except ValueError:
            return None
        except OSError:
            pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return next(filter(self._is_ours, pids), None)

    def _is_ours(self, pid: int) -> bool:
        ours = (paths.HOME / self.folder).resolve()
        try:
            args = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if args[0] != b"runsvdir" or str(self.folder).encode() not in args:
                return False
            folder = Path(f"/proc/{pid}/cwd").readlink()
            # While it scans its folder, runsvdir is in there. It may be from another clone, whose
            # var/ is this one by a symbolic link, or from one that was removed since.
            return (
                folder in (paths.HOME, ours)
                or (folder / self.folder).resolve() == ours
                or (_is_in_removed_folder(pid) and _has_child_below(pid, ours))
            )
        except OSError:
            return False

    def has_lost_its_clone(self) -> bool:
        """Tells if the clone that started the supervisor was removed, so that it finds no folder
        of services any more."""
        pid = self.supervisor()
        return pid is not None and _is_in_removed_folder(pid)

    def environ(self) -> dict[str, str] | None:
        """Returns the environment of the parts that run, or None."""
        found = self.supervisor_environ()
        if not found:
            # A power cut may have left the file of an earlier run empty.
            return None
        overrides: dict[str, str | None] = {}
        with contextlib.suppress(FileNotFoundError):
            overrides = json.loads(self._overrides.read_text())
        merged = {**found, **overrides}
        return {name: value for name, value in merged.items() if value is not None}

    def supervisor_environ(self) -> dict[str, str] | None:
        """Returns the environment that the supervisor was started with, or None.

        The kernel keeps it for the owner of the process, so no file has to keep the settings.
        """
        pid = self.supervisor()
        try:
            text = Path(f"/proc/{pid}/environ").read_bytes() if pid else b""
        except OSError:
            return None  # ended meanwhile
        pairs = (os.fsdecode(pair).partition("=") for pair in text.split(b"\0") if pair)
        return {name: value for name, _, value in pairs} if pid else None

    def write_overrides(self, overrides: Overrides) -> None:
        """Notes the settings in which the parts differ from their supervisor."""
        # JSON escapes what is not UTF-8.
        replace_text(self._overrides, json.dumps(dict(overrides)))

    def services(self) -> list[Path]:
        return sorted(self.folder.resolve().glob("[!.]*"))

    def log_files(self) -> list[Path]:
        """Returns the logs of the parts that run. If none runs: the logs of all earlier runs."""
        names = [service.name for service in self.services()] if self.supervisor() else ["*"]
        return sorted(path for name in names for path in self.logs.glob(f"{name}/current"))

    def pid(self, name: str) -> int | None:
        """Returns the pid of a part, or None while it does not run."""
        try:
            return int((self.folder / name / "supervise" / "pid").read_text())
        except (OSError, ValueError):
            return None

    def sv(self, *args: str | Path, **how: Any) -> None:
        """Runs runit's command that reports on services and stops them."""
        run_in_own_session(["sv", *args], env=self._environment(), **how)

    def _environment(self) -> dict[str, str]:
        """Returns the environment with a PATH that has runit's programs."""
        path = os.environ.get("PATH", os.defpath)
        own = f"{paths.HOME / self._programs}:" if paths.ONE_FILE else ""
        return {**os.environ, "PATH": f"{own}{path}"}

    def stop(self) -> None:
        """Stops the parts in the reverse order of their start.

        They may be those of a killed supervisor, or of a folder that was removed.
        """
        pid = self.supervisor()
        if pid:
            # On SIGHUP runsvdir also ends its services. On SIGTERM it leaves them running.
            has_folder = self.folder.exists()
            waits_for = [pid] if has_folder else [pid, *children_of(pid)]
            os.kill(pid, signal.SIGTERM if has_folder else signal.SIGHUP)
            wait_until(lambda: not any(map(_is_alive, waits_for)), self._stop_max_s)
        self._pid_file.unlink(missing_ok=True)
        groups, successors = self._read_order()
        for group in groups:
            if found := [path for path in self.services() if path.name in group]:
                limit = ("-w", str(self._stop_max_s))
                self.sv(*limit, "force-shutdown", *found, stdout=DEVNULL)
        self._end_strays(successors)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read_order(self) -> tuple[list[list[str]], dict[str, int]]:
        """Returns the groups of parts in the order of their stop, and the programs that take over,
        each with its stop signal."""
        names = [path.name for path in self.services()]
        try:
            groups, successors = json.loads(self._order.read_text())
        except (OSError, ValueError):  # removed, not yet written, or of an older version
            return [names], {}
        # An interrupted `make up` may leave a part that the order does not name.
        known = {name for group in groups for name in group}
        return [*groups, [name for name in names if name not in known]], successors

    def _end_strays(self, successors: Mapping[str, int]) -> None:
        """Ends what a killed runsv or nginx master left, and loggers on a full disk.

        svlogd does not end while it has lines that it cannot write.
        """
        for is_last, wait_s in ((False, self._stop_max_s), (True, 1)):
            for pid, program in self._strays(successors).items():
                number = signal.SIGKILL if is_last else successors.get(program, signal.SIGKILL)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            wait_until(lambda: not self._strays(successors), wait_s)

    def _strays(self, successors: Mapping[str, int]) -> dict[int, str]:
        names = "|".join(map(re.escape, ["runsv", "svlogd", *successors]))
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                folder = (process / "cwd").readlink()
                name = re.match(rf"({names})\b".encode(), (process / "cmdline").read_bytes())
            except OSError:
                continue  # it has ended, or belongs to another user
            program = name[1].decode() if name else ""
            place = self._top if program in successors else self.folder
            if program and folder.is_relative_to(place.resolve()):
                found[int(process.name)] = program
        return found


def _is_in_removed_folder(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").stat().st_nlink == 0
    return False


def _has_child_below(pid: int, folder: Path) -> bool:
    children = [Path(f"/proc/{child}/cwd").readlink() for child in children_of(pid)]
    return any(child.is_relative_to(folder) for child in children)


def _is_alive(pid: int) -> bool:
    """Tells if a process runs. A zombie does not: its command line is empty."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
