"""`rinha install-service`: writes the units of this stack, and the files that they read."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from rinha.address import ServerUrl
from rinha.settings import SETTINGS, Settings
from rinha.terminal import printable
from stack import dotenv, paths
from stack.nginx import conf
from stack.part import Part
from stack.parts import Layout, parts_of, servers_of
from stack.systemd import units
from stack.systemd.hardening import PRIVATE, STATE, is_in_a_home
from stack.systemd.quoting import ServiceError, quoted_variable

UNITS = Path("/etc/systemd/system")
ACCOUNTS = Path("/etc/sysusers.d/rinha.conf")
READ_BY_ALL, ENTERED_BY_ALL = 0o005, 0o001
FIRST = """\
to start it, now and with the machine:
  systemd-sysusers
  systemctl daemon-reload
  systemctl enable --now rinha.target
  journalctl -fu 'rinha-*'"""
# New parts serve before nginx is told of them, and old ones until it has left them.
AGAIN = """\
to apply it to the service that runs:
  systemctl daemon-reload
  systemctl start rinha.target
  systemctl start rinha-restart
  systemctl reload rinha-nginx"""


def install(settings: Settings, root: Path) -> int:
    """Writes all files below `root`, and prints their names and the commands that start them."""
    settings = replace(settings, ledger=_ledger(settings))
    layout = Layout(settings, STATE, units.SOCKETS, user=units.ACCOUNT)
    parts = parts_of(layout)
    programs = _programs()
    _assert_startable(parts, programs)
    if root == Path("/"):
        _assert_reachable(programs)
        _assert_nginx_starts(settings)
    commands = AGAIN if below(root, UNITS / units.TARGET).exists() else FIRST
    umask = os.umask(0o022)
    try:
        for name, text in _texts(parts, programs).items():
            _write(root, UNITS / name, text)
        _write(root, ACCOUNTS, f'u {units.ACCOUNT} - "rinha, a ledger" {STATE}\n')
        _write(root, units.VARIABLES, _variables(settings, parts), mode=0o600)
        config = below(root, units.NGINX_CONFIG)
        config.mkdir(parents=True, exist_ok=True)
        conf.write(config, settings, servers_of(settings))
        removed = _remove_old(root, set(_texts(parts, programs)))
    except OSError as error:
        hint = "; run it as root" if isinstance(error, PermissionError) else ""
        raise ServiceError(f"cannot write {error.filename}: {error.strerror}{hint}") from None
    finally:
        os.umask(umask)
    places = f"units in {below(root, UNITS)}, settings in {below(root, units.CONFIG)}"
    print(f"the service is installed: {printable(places)}")
    print(commands)
    if removed:
        print(f"  systemctl stop {printable(' '.join(removed))}")
    return 0


def below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _ledger(settings: Settings) -> Path | ServerUrl:
    """Returns the ledger of the service. One in var/ is in the folder of the service's state."""
    ledger = settings.ledger
    if not isinstance(ledger, Path) or Path(os.environ.get("RINHA_LEDGER", "")).is_absolute():
        return ledger
    # A real path, which is elsewhere where var/ is a symbolic link.
    if ledger.absolute().parent == paths.VAR.resolve():
        return STATE / ledger.name
    if not ledger.is_absolute():
        raise ServiceError(f"RINHA_LEDGER={ledger}: a service needs an absolute path")
    return ledger


def _programs() -> list[Path]:
    """Returns the one file, or the folders of the clone, its environment and Python."""
    if paths.ONE_FILE:
        return [Path(sys.executable)]
    return [paths.ROOT, Path(sys.prefix), Path(sys.base_prefix)]


def _assert_startable(parts: list[Part], programs: list[Path]) -> None:
    """Refuses programs that the service's account would not find or could not read."""
    for part in parts:
        program = Path(part.command[0])
        if not paths.ONE_FILE and not program.is_absolute():
            raise ServiceError(f"there is no {program}: apt-get install nginx-light")
    for path in programs:
        if path.stat().st_mode & READ_BY_ALL != READ_BY_ALL:
            raise ServiceError(
                f"{path}: the account {units.ACCOUNT} may not read it: chmod -R o+rX {path}"
            )


def _assert_reachable(programs: list[Path]) -> None:
    """Refuses programs below a folder that a unit does not see, or that the account may not enter.

    Those in homes are bound into the unit, whatever is above them.
    """
    for path in programs:
        for folder in path.parents:
            if folder in PRIVATE:
                raise ServiceError(f"{path}: a service has a {folder} of its own: move it to /opt")
            if not is_in_a_home(path) and not folder.stat().st_mode & ENTERED_BY_ALL:
                raise ServiceError(
                    f"{folder}: the account {units.ACCOUNT} may not enter it: chmod o+x {folder}"
                )


def _assert_nginx_starts(settings: Settings) -> None:
    """Refuses a wrong nginx.conf.

    A reload of it succeeds, as nginx keeps the old one, and the next start fails."""
    with tempfile.TemporaryDirectory() as name:
        conf.write(Path(name), settings, servers_of(settings))
        conf.assert_nginx_starts(Path(name), settings.edition)


def _texts(parts: list[Part], programs: list[Path]) -> dict[str, str]:
    texts = {units.TARGET: units.target(parts), units.RESTART: units.restart(parts, programs)}
    for number, part in enumerate(parts):
        texts[units.name_of(part)] = units.unit(part, parts[:number], programs)
    return texts


def _variables(settings: Settings, parts: list[Part]) -> str:
    """Returns the settings that differ from their defaults, and credentials.

    The file wins over a unit's own variables, so it has none of those.
    """
    names = [name for name in dotenv.NAMES if name in SETTINGS]
    names += ["PG*"] if settings.engine == "postgres" else []
    names += ["AWS_*"] if settings.replica.startswith("s3:") else []
    own = {name for part in parts for name in part.environment}
    found = {
        name: value
        for name, value in sorted(os.environ.items())
        if value and name not in own and any(fnmatchcase(name, each) for each in names)
    }
    if isinstance(settings.ledger, Path):
        found["RINHA_LEDGER"] = str(settings.ledger)
    return "".join(_lines(found))


def _lines(variables: Mapping[str, str]) -> Iterator[str]:
    yield f"{units.WRITTEN_BY}\n"
    for name, value in variables.items():
        yield f"{name}={quoted_variable(value)}\n"


def _write(root: Path, path: Path, text: str, mode: int = 0o644) -> None:
    """Replaces a file at once, so that systemd never reads half of it."""
    target = below(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    part.replace(target)


def _remove_old(root: Path, kept: set[str]) -> list[str]:
    """Removes units of parts that the settings no longer have; returns their names.

    The metrics would show an instance as long as its counters are there.
    """
    removed = []
    for path in sorted(below(root, UNITS).glob("rinha-*.service")):
        # Another program's unit may be a link that leads nowhere, with text in any encoding.
        is_ours = path.is_file() and path.read_bytes().startswith(units.WRITTEN_BY.encode())
        if path.name not in kept and is_ours:
            path.unlink()
            removed.append(path.name)
            part = path.stem.removeprefix("rinha-")
            (below(root, units.SOCKETS) / f"{part}.counts").unlink(missing_ok=True)
    return removed
