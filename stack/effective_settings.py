"""The settings that are in effect: from the environment, `.env`, or the stack that runs."""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from rinha import address
from rinha.errors import SettingError
from rinha.settings import EDITIONS, SETTINGS, value_of
from stack import dotenv
from stack.paths import VAR
from stack.running import RUNIT

# Commands that take no setting from a running stack: `up` compares its own settings with those of
# the stack, `restore` needs the stack stopped, and a service is another stack.
STARTING = ("up", "restore", "install-service")


def complete(command: str) -> None:
    """Adds the settings that the environment lacks.

    They come from the running stack's own environment. Where none runs, and for the commands in
    STARTING, they come from `.env`.
    """
    found = dotenv.read(Path(".env"))
    runs = RUNIT.environ()
    if runs is not None and command not in STARTING:
        found = {name: value for name, value in runs.items() if _matches(name, dotenv.NAMES)}
        # The edition that runs wins over the one in the environment.
        os.environ.pop("RINHA_EDITION", None)
    for name, value in found.items():
        os.environ.setdefault(name, value)
    if command == "up":
        # The contest needs an empty ledger for each run. Production should keep this off.
        os.environ["RINHA_RESET"] = os.environ.get("RINHA_RESET") or "on"
    edition = value_of("RINHA_EDITION", os.environ)
    if edition != EDITIONS[0] and not os.environ.get("RINHA_LEDGER"):
        os.environ["RINHA_LEDGER"] = str(VAR / f"{edition}.db")


def differences(runs: Mapping[str, str], asked: Mapping[str, str]) -> list[str]:
    """Returns the names of the settings that differ between two environments.

    Two spellings of one value are no difference.
    """
    names = [name for name in SETTINGS if name in dotenv.NAMES]
    found = [name for name in names if _value(name, runs) != _value(name, asked)]
    # Plain processes never run in containers.
    if asked.get("MODE", "").lower() == "docker":
        found.append("MODE")
    patterns = []
    if asked.get("RINHA_LEDGER", "").startswith(address.SERVER_SCHEMES):
        patterns.append("PG*")
    if asked.get("RINHA_REPLICA", "").startswith("s3:"):
        patterns.append("AWS_*")
    credentials = [name for name in sorted({*runs, *asked}) if _matches(name, patterns)]
    return found + [name for name in credentials if runs.get(name) != asked.get(name)]


def overrides(started: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, str | None]:
    """Returns the settings that are asked for otherwise than the supervisor was started with.

    None removes one. A secret is in no file as long as it stays the same.
    """
    names = [name for name in sorted({*started, *asked}) if _matches(name, dotenv.NAMES)]
    return {name: asked.get(name) for name in names if started.get(name) != asked.get(name)}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _value(name: str, environ: Mapping[str, str]) -> object:
    try:
        value = value_of(name, environ)
        return value.absolute() if isinstance(value, Path) else value
    except SettingError:
        # The stack may be of another version, which accepted a value that this version refuses.
        return environ.get(name)
