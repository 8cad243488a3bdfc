"""Makes a systemd unit of each part, the target that starts all of them, and their restart."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from stack import paths
from stack.part import Part
from stack.paths import RINHA
from stack.running import STOP_MAX_S
from stack.systemd.hardening import STATE, hardening
from stack.systemd.quoting import quoted, quoted_argument

# The account that runs all parts.
ACCOUNT = "rinha"
TARGET = "rinha.target"
RESTART = "rinha-restart.service"
# The folder of the sockets. systemd makes it too.
SOCKETS = Path("/run/rinha")
CONFIG = Path("/etc/rinha")
VARIABLES = CONFIG / "env"
NGINX_CONFIG = CONFIG / "nginx"
WRITTEN_BY = "# Written by `rinha install-service`, which replaces it."
# An instance sends three heartbeats within this time. Each waits for the answer to a request, which
# may take 30 s, the longest that nginx waits too.
WATCHDOG_S = 60
# A start may have to recover a long WAL on a slow disk.
START_MAX_S = 600
# An instance that was killed is back within a second. One that cannot start costs 0.2 s of CPU each
# time, a quarter of a core.
RESTART_AFTER_S = 0.5


def name_of(part: Part) -> str:
    return f"rinha-{part.name}.service"


def target(parts: Sequence[Part]) -> str:
    """Returns the target, which starts all parts."""
    names = " ".join(map(name_of, parts))
    lines = (
        WRITTEN_BY,
        "[Unit]",
        "Description=rinha, a ledger over HTTP",
        f"Wants={names}",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    )
    return "\n".join(lines) + "\n"


def unit(part: Part, earlier: Sequence[Part], programs: Sequence[Path]) -> str:
    """Returns the unit of a part. The parts before it start earlier and stop later."""
    after = [name_of(one) for one in earlier if not part.kind or one.kind != part.kind]
    network = ["network-online.target"] if part.uses_network else []
    lines = [
        WRITTEN_BY,
        "[Unit]",
        f"Description=rinha: {part.name}",
        f"PartOf={TARGET}",
        *(f"After={name}" for name in [*network, *after]),
        *(f"Wants={name}" for name in network),
        # A part that cannot start is tried again for as long as it takes.
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        *_program(part),
        *_folders(part),
        *hardening(part, programs),
    ]
    return "\n".join(lines) + "\n"


def restart(parts: Sequence[Part], programs: Sequence[Path]) -> str:
    """Returns the unit that replaces the instances one after the other, and then the replica.

    Its first command opens the ledger with the present code. A command that fails is the last one.
    """
    instances = [part for part in parts if part.reports]
    others = [part for part in parts if not part.reports and not part.takes_over]
    init = replace(instances[0], command=(*RINHA, "init"))
    lines = [
        WRITTEN_BY,
        "[Unit]",
        "Description=rinha: replaces the instances one after the other, and the replica",
        "",
        "[Service]",
        "Type=oneshot",
        *_account_and_settings(init),
        f"ExecStart={_command(init)}",
        # The plus sign gives systemctl root's rights.
        *(f"ExecStart=+/bin/systemctl restart {name_of(part)}" for part in instances + others),
        *_folders(init),
        *hardening(init, programs),
    ]
    return "\n".join(lines) + "\n"


def _account_and_settings(part: Part) -> Iterator[str]:
    yield f"User={ACCOUNT}"
    yield f"Group={ACCOUNT}"
    for pair in _environment(part).items():
        yield f"Environment={quoted('='.join(pair))}"
    yield f"EnvironmentFile={VARIABLES}"


def _program(part: Part) -> Iterator[str]:
    yield f"Type={'notify' if part.reports else 'exec'}"
    if part.reports:
        yield f"WatchdogSec={WATCHDOG_S}"
        # It also ends a process that is stopped, which no other signal does.
        yield "WatchdogSignal=SIGKILL"
        yield f"TimeoutStartSec={START_MAX_S}"
    yield from _account_and_settings(part)
    if part.prepare:
        # nginx writes its files into the folder of its configuration. It would include an old file
        # there that the settings no longer have.
        copy = f'/bin/sh -c "rm -f *.conf && exec cp -r --no-preserve=mode {NGINX_CONFIG}/. ."'
        yield f"ExecStartPre={copy}"
        yield f"ExecReload={copy}"
        yield "ExecReload=/bin/kill -HUP $MAINPID"
    yield f"ExecStart={_command(part)}"
    if part.takes_over:
        # nginx writes its pid once it listens. A killed nginx leaves its pid file behind.
        yield f"ExecStartPre=/bin/rm -f {part.pid_file}"
        yield f'ExecStartPost=/bin/sh -c "until [ -s {part.pid_file} ]; do sleep 0.02; done"'
    yield "Restart=always"
    yield f"RestartSec={RESTART_AFTER_S}"
    yield f"KillSignal={part.stop_signal.name}"
    yield "KillMode=mixed"
    yield f"TimeoutStopSec={STOP_MAX_S}"
    yield f"SyslogIdentifier=rinha-{part.name}"


def _environment(part: Part) -> dict[str, str]:
    is_python = part.command[0] == sys.executable and not paths.ONE_FILE
    return {**({"PYTHONPATH": str(paths.ROOT)} if is_python else {}), **part.environment}


def _command(part: Part) -> str:
    """Returns the command line, where systemd expands variables in all arguments, but not in the
    program. The one file takes the name of its program from argv[0]."""
    program, *args = [str(arg) for arg in part.command]
    if paths.ONE_FILE and not Path(program).is_absolute():
        program, args = f"@{sys.executable}", [program, *args]
    return " ".join([quoted(program), *map(quoted_argument, args)])


def _folders(part: Part) -> Iterator[str]:
    if part.prepare:
        yield f"WorkingDirectory={SOCKETS}"
        # nginx, which faces the network, has no need to read the ledger.
        yield f"InaccessiblePaths=-{STATE}"
    else:
        yield f"WorkingDirectory={STATE}"
        yield f"StateDirectory={STATE.name}"
        yield "StateDirectoryMode=0700"
    yield f"RuntimeDirectory={SOCKETS.name}"
    yield "RuntimeDirectoryMode=0700"
    # The parts share it, and each of them may end alone.
    yield "RuntimeDirectoryPreserve=yes"
