"""Writes the folder of a runit service that runs a part and logs its output."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGTERM

from stack import paths
from stack.part import Part

# Values of settings that differ from the environment of the supervisor; None removes one.
Overrides = Mapping[str, str | None]

RUN = """#!/bin/sh
# Written at each start, and when `make up` replaces the part.
exec 2>&1
cd {directory}
{before}exec {command}
"""
# A part ends with its runsv: else the next one finds its address in use.
END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM")
# But nginx serves on until the next one listens beside it (`reuseport`), so no connection is
# refused in between: a killed runsv leaves a master, and a killed master leaves a worker. An ending
# master deletes the pid file, even when that names its successor by then.
TAKE_OVER = """\
old=
for process in /proc/[0-9]*; do
    if [ "$process/cwd" -ef . ] && read -r name <"$process/comm" && [ "$name" = {program} ]; then
        old="$old ${{process#/proc/}}"
    fi
done 2>/dev/null
if [ -n "$old" ]; then (
    pause() {{ sleep 0.02; kill -0 $$ || exit; }}
    until [ "$(cat {pid_file})" = $$ ]; do pause; done
    kill -{signal} $old
    for pid in $old; do
        while [ /proc/$pid/cwd -ef . ]; do pause; done
    done
    echo $$ >{pid_file}
) >/dev/null 2>&1 & fi
"""
# Runs in place of the TERM that runsv would send.
STOP = """#!/bin/sh
kill -{signal} "$(cat supervise/pid)"
"""
# Three old files of 10 MB each beside the current one.
LOG_CONFIG = "s10000000\nn3\n"


def write_service(service: Path, part: Part, logs: Path, overrides: Overrides) -> None:
    """Writes the service of a part, which may run: the next start uses it.

    Its log goes into a folder of `logs`.
    """
    (logs / part.name).mkdir(parents=True, exist_ok=True)
    (logs / part.name / "config").write_text(LOG_CONFIG)
    logger = ["svlogd", os.path.relpath(logs / part.name, service / "log")]
    directory = os.path.relpath(paths.HOME / part.folder, service.resolve())
    pairs = [f"{name}={value}" for name, value in part.environment.items()]
    before, number = _exports(overrides), int(part.stop_signal)
    if part.takes_over:
        before += TAKE_OVER.format(program=part.program, pid_file=part.pid_file, signal=number)
    ending = () if part.takes_over else END_WITH_PARENT
    command = [*part.prefix, *(["env", *pairs] if pairs else []), *ending, *part.command]
    _write_script(service / "run", _run(directory, command, before))
    _write_script(service / "log" / "run", _run(".", logger))
    if part.stop_signal != SIGTERM:
        _write_script(service / "control" / "t", STOP.format(signal=number))
    if paths.ONE_FILE:
        options = [
            f"unset={name}" if value is None else f"environment={name}={value}"
            for name, value in overrides.items()
        ]
        options += [f"environment={pair}" for pair in pairs]
        options += [f"takes_over={part.pid_file}" if part.takes_over else "ends_with_parent="]
        options += [f"stop_signal={number}"]
        _write_command(service, directory, [*part.prefix, *part.command], options)
        _write_command(service / "log", ".", logger)


def _run(directory: str, command: Sequence[str | Path], before: str = "") -> str:
    line = shlex.join(map(str, command))
    return RUN.format(directory=shlex.quote(directory), before=before, command=line)


def _exports(overrides: Overrides) -> str:
    """Returns lines of the script. Arguments of a command would show secrets to every user."""
    return "".join(
        f"unset {name}\n" if value is None else f"export {name}={shlex.quote(value)}\n"
        for name, value in overrides.items()
    )


def missing_program(service: Path) -> Path | None:
    """Returns the program of a service if it was moved or removed since it was written."""
    run = service / "run"
    if run.is_symlink():
        program = run.readlink()
    elif not run.exists():
        return None  # it has just ended
    else:
        command = shlex.split(run.read_text(errors="surrogateescape").splitlines()[-1])
        program = Path(next((word for word in command if word.startswith("/")), "/"))
    return None if program.exists() else program


def link_to_executable(path: Path) -> None:
    """Makes a link to the executable of the one file, in place of what is there."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(sys.executable)
    new.replace(path)


def replace_text(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a file at once: a program that reads it meanwhile gets the old text or the new one."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, errors="surrogateescape")
    new.chmod(mode)
    new.replace(path)


def _write_script(path: Path, text: str) -> None:
    """Writes a script, or for the one file a link to its executable, which reads `command`.

    The link needs no shell, and works where files in var/ may not be executed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if paths.ONE_FILE:
        link_to_executable(path)
    else:
        replace_text(path, text, 0o700)


def _write_command(
    folder: Path, directory: str, command: Sequence[str | Path], options: Sequence[str] = ()
) -> None:
    """Writes the file that the one file reads in place of a script: see onefile/names.c."""
    entries = [f"directory={directory}", *options, *(f"argument={each}" for each in command)]
    replace_text(folder / "command", "".join(f"{entry}\0" for entry in entries))
