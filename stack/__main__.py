"""The commands of the stack as plain processes, and those of the service, `rinha`."""

import argparse
import contextlib
import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rinha.arguments import parser
from rinha.errors import RinhaError
from rinha.settings import Settings, load, value_of
from rinha.terminal import INTERRUPTED, UNREAD, drop_unread, printable, printable_lines
from stack import (
    effective_settings,
    fingerprint,
    log_files,
    paths,
    ports,
    replica_place,
    rolling,
    running,
    usage,
)
from stack.interrupts import delayed, run_in_own_session
from stack.messages import COMMAND, fail, message, show
from stack.one_at_a_time import one_at_a_time
from stack.owner_only import assert_owned, make_var, set_private_umask
from stack.paths import VAR
from stack.restart import restart
from stack.run.service import missing_program
from stack.running import RUNIT
from stack.systemd.install import install

# These change what runs, one at a time.
ALONE = ("up", "restart", "down")
# The command that onefile/boot.py runs before it imports this module.
LICENCES = ("licences", "print the licences of everything in this file")


def main() -> int:
    args = arguments().parse_args(sys.argv[1:] or ["--help"])
    os.chdir(paths.HOME)
    set_private_umask()
    try:
        # The service has no files in var/.
        if args.command != "install-service":
            assert_owned()
        effective_settings.complete(args.command)
        settings = load(os.environ)
        if args.command in ("up", "restore"):
            _make_ready(settings)
        if args.command not in COMMANDS:
            return _run_other_command(settings, args)
        with one_at_a_time("stack") if args.command in ALONE else contextlib.nullcontext():
            code = COMMANDS[args.command](settings)
        print(end="", flush=True)
        return code
    except BrokenPipeError:
        drop_unread()
        return UNREAD
    except (RinhaError, OSError) as error:
        return fail(_reason(error))
    except subprocess.CalledProcessError as error:
        # The program has printed its reason.
        return error.returncode
    except KeyboardInterrupt:
        return INTERRUPTED


def _reason(error: RinhaError | OSError) -> str:
    if isinstance(error, RinhaError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}; the stack keeps all its files in {paths.HOME / VAR}"


def arguments() -> argparse.ArgumentParser:
    """Returns the parser of the stack's commands and the service's."""
    more = [(name, command.__doc__ or "") for name, command in COMMANDS.items()]
    more += [LICENCES] if paths.ONE_FILE else []
    return parser(more, runs_stack=True)


def _run_other_command(settings: Settings, args: argparse.Namespace) -> int:
    if args.command == "install-service":
        replica_place.install_litestream(settings.replica)
        return install(settings, args.root)
    from rinha.__main__ import run  # noqa: PLC0415 - 0.1 s that COMMANDS save

    with contextlib.ExitStack() as naming:
        if args.command == "snapshot" and not args.file:
            args.file = naming.enter_context(_snapshot_name())
        return run(args)


@contextlib.contextmanager
def _snapshot_name() -> Iterator[Path]:
    """Yields the name of a new file, under a lock that a second command waits for."""
    out = Path("out")
    out.mkdir(exist_ok=True)
    ending = "db" if load(os.environ).engine == "sqlite" else "dump"
    folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        name = f"rinha-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
        files = (out / f"{name}{number}.{ending}" for number in numbers)
        yield next(file for file in files if not file.exists())
    finally:
        os.close(folder)


def up(settings: Settings) -> int:
    """start everything in the background, or apply new code and settings to what runs"""
    if RUNIT.supervisor() and not RUNIT.has_lost_its_clone():
        return rolling.up_again(settings)
    if (mode := os.environ.get("MODE") or "local") != "local":
        return fail(message("MODE_IS_LOCAL", mode))
    if paths.ONE_FILE and os.pathsep in str(paths.HOME):
        return fail(message("COLON", paths.HOME))
    for program, package in ((paths.NGINX, "nginx-light"), ("runsvdir", "runit")):
        if not paths.ONE_FILE and not shutil.which(program):
            return fail(f"there is no {program}: apt-get install {package}")
    log_files.assert_space()
    # Reports an error of the ledger at once; the instances would each report it, after a wait.
    rolling.init()
    # Stops the parts of a supervisor that was killed, or whose clone was removed: they have served
    # until now.
    with delayed():
        RUNIT.stop()
    problem = ports.problem(settings)
    if problem:
        return fail(problem)
    try:
        code = _start(settings)
    except BaseException:
        with delayed():
            RUNIT.stop()
        raise
    # The stack stays up also if nobody reads this.
    return code or _show_up(settings)


def _start(settings: Settings) -> int:
    parts, code = running.parts(settings), fingerprint.of_code()
    RUNIT.write(parts)
    fingerprint.write(fingerprint.CODE, code)
    fingerprint.write(fingerprint.NGINX_CONF, fingerprint.of_nginx_conf())
    _reset_counters(settings)
    sizes = log_files.sizes(RUNIT.log_files())
    RUNIT.start()
    if not running.wait_until_ready(parts):
        ends = {path: log_files.lines_since(path, sizes)[-3:] for path in RUNIT.log_files()}
        for path, lines in ends.items():
            if lines:
                print(f"{path}:", *map(printable, lines), sep="\n  ", file=sys.stderr)
        down(settings)
        logged = "its last log lines are above" if any(ends.values()) else "no part logged why"
        return fail(f"the stack did not answer within {running.UP_MAX_S:g} s; {logged}")
    if problem := running.problem_of_ports(settings):
        down(settings)
        return fail(problem)
    return 0


def _show_up(settings: Settings) -> int:
    url = running.url(settings)
    number = settings.instances
    what = f"nginx, {number} instance{'s' if number > 1 else ''}, ledger {settings.ledger}"
    if replica_place.is_fine(settings.replica):
        what += f", replica {settings.replica}"
    ops = f"http://localhost:{settings.ops_port}" if settings.ops_port else "switched off"
    commands = ("check", "sql", "status", "logs", "down")
    examples = "    ".join(f"{COMMAND} {command}" for command in commands)
    return show("UP", url, what, ops, message(f"TRY_{settings.edition}", url, url), examples)


def _reset_counters(settings: Settings) -> None:
    """Removes the counters of earlier starts. They survive the restart of one instance."""
    files = list(VAR.glob("*.counts"))
    if isinstance(settings.ledger, Path):
        files += settings.ledger.parent.glob("*.replica.state")
    for file in files:
        file.unlink()


def down(_settings: Settings) -> int:
    """stop everything; the ledger stays"""
    if not RUNIT.supervisor() and not RUNIT.folder.exists():
        return show("NOT_UP")
    with delayed():
        RUNIT.stop()
    return show("DOWN")


def status(settings: Settings) -> int:
    """show what runs, and whether it answers"""
    if not RUNIT.supervisor():
        show("NOT_UP")
        return 3
    services = RUNIT.services()
    if not services:
        return fail(message("NO_FOLDER"))
    RUNIT.sv("status", *services)
    if settings.replica:
        run_in_own_session([*paths.RINHA, "replicate", "state"])
    for program in dict.fromkeys(filter(None, map(missing_program, services))):
        show("MOVED", program)
    code, answer = running.ask("GET", "/health", settings)
    print(f"{running.url(settings)}/health answers {code} {printable(answer)}")
    return 0 if code == 200 else 1


def stats(_settings: Settings) -> int:
    """CPU and memory of each part"""
    if not RUNIT.supervisor():
        return fail(message("NOTHING_RUNS"))
    table = list(usage.table(RUNIT.services()))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print(*(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    return 0


def watch(settings: Settings) -> int:
    """the figures of the operator's page, in a terminal"""
    runs = RUNIT.environ()
    # The port of the stack that runs wins over the one in the environment.
    port = settings.ops_port if runs is None else value_of("OPS_PORT", runs)
    if not port:
        return fail(message("NOT_WATCHED"))
    if runs is None:
        return fail(message("NOTHING_RUNS"))
    from ops.watch import main as show_page  # noqa: PLC0415 - 0.1 s that other commands save

    # Not localhost: a bare system has no /etc/hosts.
    return show_page(f"http://127.0.0.1:{port}")


def reset(settings: Settings) -> int:
    """empty the ledger"""
    code, answer = running.ask("POST", "/reset", settings)
    if code == 200:
        return show("EMPTY")
    return fail(answer if code else message("NOTHING_RUNS"))


def logs(_settings: Settings) -> int:
    """follow the logs"""
    files = RUNIT.log_files()
    if not files:
        return fail("there are no logs yet")
    if not RUNIT.supervisor():
        print(f"rinha: {message('LAST_LOGS')}", file=sys.stderr)
    for text in log_files.follow(files):
        print(printable_lines(text), end="", flush=True)
    return 0


def url(settings: Settings) -> int:
    """the URL of the stack, whether or not it runs"""
    print(running.url(settings))
    return 0


# The docstring of each is its help text.
COMMANDS: dict[str, Callable[[Settings], int]] = {
    command.__name__: command
    for command in (up, restart, down, status, logs, stats, watch, reset, url)
}


def _make_ready(settings: Settings) -> None:
    """Ends a stack that lost its folder, makes var/, and installs Litestream if it is needed."""
    if RUNIT.supervisor() and not RUNIT.folder.exists():
        # Without its folder the stack answers every request with an error.
        RUNIT.stop()
    make_var()
    replica_place.install_litestream(settings.replica)


if __name__ == "__main__":
    sys.exit(main())
