"""The settings of a command: from the environment, from `.env`, or from the stack that runs."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from rinha import address, settings
from rinha.errors import SettingError
from stack import dotenv, running
from stack.services import VAR

# Commands that take no setting from a running stack: `up` compares its own settings with those of
# the stack, and `restore` needs the stack stopped.
STARTING = ("up", "restore")


def settle(command: str) -> None:
    """Adds the settings that the environment lacks.

    They come from the running stack's own environment. Where none runs, and for the commands in
    STARTING, they come from `.env`.
    """
    found = dotenv.read(Path(".env"))
    runs = running.environ()
    if runs is not None and command not in STARTING:
        found = only_settings(runs)
        # The edition that runs wins over the one in the environment.
        os.environ.pop("RINHA_EDITION", None)
    for name, value in found.items():
        os.environ.setdefault(name, value)
    if command == "up":
        # The contest needs an empty ledger for each run. Production should keep this off.
        os.environ["RINHA_RESET"] = os.environ.get("RINHA_RESET") or "on"
    edition = settings.value_of("RINHA_EDITION", os.environ)
    if edition != settings.EDITIONS[0] and not os.environ.get("RINHA_LEDGER"):
        os.environ["RINHA_LEDGER"] = str(VAR / f"{edition}.db")


def only_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the part of an environment that `.env` may set."""
    return {
        name: value
        for name, value in environ.items()
        if any(fnmatchcase(name, pattern) for pattern in dotenv.NAMES)
    }


def differing(runs: Mapping[str, str], asked: Mapping[str, str]) -> list[str]:
    """Returns the names of the settings that differ between two environments.

    Two spellings of one value are no difference.
    """
    names = [name for name in settings.SETTINGS if name in dotenv.NAMES]
    found = [name for name in names if _value(name, runs) != _value(name, asked)]
    # Plain processes never run in containers.
    if asked.get("MODE", "").lower() == "docker":
        found.append("MODE")
    patterns = []
    if asked.get("RINHA_LEDGER", "").startswith(address.SERVER_SCHEMES):
        patterns.append("PG*")
    if asked.get("RINHA_REPLICA", "").startswith("s3:"):
        patterns.append("AWS_*")
    for name in sorted({*runs, *asked}):
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            found += [name] if runs.get(name) != asked.get(name) else []
    return found


def _value(name: str, environ: Mapping[str, str]) -> object:
    try:
        return settings.value_of(name, environ)
    except SettingError:
        # The stack may be of another version, which accepted a value that this version refuses.
        return environ.get(name)
