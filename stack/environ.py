"""The settings of a command: from the environment, from `.env`, or from the stack that runs."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from rinha import address, settings
from rinha.errors import SettingError
from stack import dotenv, running
from stack.services import VAR

# Of these nothing is taken from what runs: one is compared with it, the other needs it stopped.
STARTING = ("up", "restore")


def settle(command: str) -> None:
    """Puts into the environment what it does not say itself. A stack that runs is asked with the
    settings that it was started with."""
    found = dotenv.read(Path(".env"))
    runs = running.environ()
    if runs is not None and command not in STARTING:
        found = only_settings(runs)
        # Whatever the environment says: the other edition does not run.
        os.environ.pop("RINHA_EDITION", None)
    for name, value in found.items():
        os.environ.setdefault(name, value)
    if command == "up":
        # The challenge wants a fresh ledger for each run; a bank would leave this off.
        os.environ["RINHA_RESET"] = os.environ.get("RINHA_RESET") or "on"
    edition = settings.value_of("RINHA_EDITION", os.environ)
    if edition != settings.EDITIONS[0] and not os.environ.get("RINHA_LEDGER"):
        os.environ["RINHA_LEDGER"] = str(VAR / f"{edition}.db")


def only_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that `.env` may set."""
    return {
        name: value
        for name, value in environ.items()
        if any(fnmatchcase(name, pattern) for pattern in dotenv.NAMES)
    }


def differing(runs: Mapping[str, str], asked: Mapping[str, str]) -> list[str]:
    """The names of the settings in which two environments differ; how a value is written is no
    difference."""
    names = [name for name in settings.KNOBS if name in dotenv.NAMES]
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
        # Of another version, which took what this one refuses.
        return environ.get(name)
