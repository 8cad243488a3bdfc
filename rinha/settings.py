"""Every knob and every limit of the service, each with its reason. Imports errors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rinha.errors import SettingError

# Limits that nobody needs to turn.

# The longest sensible transaction, ten escaped emoji and spacing included, is under 250 bytes.
BODY_MAX_BYTES = 4096
# A transaction is one level deep. Past this it is absurd, whatever the interpreter could stand.
BODY_MAX_DEPTH = 32
# The largest integer that every JSON client reads exactly; two of them still fit into 64 bits.
VALOR_MAX = 2**53 - 1
DESCRICAO_MAX_CHARACTERS = 10
EXTRATO_ROWS = 10
# A client's number has to fit into SQLite's 64 bits: 18 digits always do.
CLIENTE_MAX_DIGITS = 18

# Connections that the kernel holds while the one worker of an instance is busy.
LISTEN_BACKLOG = 4096
# Once the address is gone, connections made a moment before still wait in the backlog.
DRAIN_BACKLOG_S = 0.2
# SIGTERM promises an end within 2 s; a neighbour that keeps its connection is cut before that.
DRAIN_MAX_S = 1.7

# A turn takes some 20 us, being put to sleep and woken costs more: first stand aside this often.
LOCK_TRIES_BEFORE_SLEEP = 100
# With FULL a turn holds a sync of the disk, which is long enough to sleep.
LOCK_TRIES_BEFORE_SLEEP_FULL = 1
# After one request waited in vain the next ones ask only briefly, until one gets through: a queue
# of requests must not wait one after the other for a neighbour that hangs.
LOCK_WAIT_AFTER_REFUSAL_S = 0.01
# The alarm that ends a wait rings again this soon, in case it rang before the wait began.
LOCK_ALARM_REPEAT_S = 0.01
# Between two looks at a lock held by something other than an instance, such as a shell.
FOREIGN_LOCK_PAUSE_S = 0.001
# Start-up is patient: the neighbour may be recovering a large write-ahead log.
START_LOCK_WAIT_S = 20.0
# A transaction touches few rows: small pages copy and checksum less than SQLite's usual 4096.
PAGE_SIZE_BYTES = 1024
# The write-ahead log is moved into the file when it has so many pages, a transaction having two or
# three; then, under a load that never pauses, under the write lock, so that it ends; and past the
# last number by whoever writes, as nobody else did.
LOG_PAGES_LONG = 1000
LOG_PAGES_LOCKED = 2500
LOG_PAGES_MAX = 6500
# An instance that ends waits this long for its checkpoint: a second sync on a slow disk.
CHECKPOINT_END_MAX_S = 0.2
# How long a ledger that was deleted under a running instance may stay unnoticed.
FILE_MOVED_CHECK_S = 1.0

# An error that goes on is told again this often, with the number of times it happened.
LOG_REPEAT_S = 60.0


class Knob(NamedTuple):
    default: str
    parse: Callable[[str], Any]
    reason: str


def _path(text: str) -> Path:
    if not text.strip():
        raise ValueError("must name a file")
    return Path(text)


def _listen(text: str) -> str | tuple[str, int]:
    if text.startswith("unix:") and len(text) > len("unix:"):
        return text
    host, _, port = text.rpartition(":")
    if host and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 2**16:
        return host, int(port)
    raise ValueError("must be unix:PATH or HOST:PORT")


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in [word.lower() for word in words]:
            raise ValueError(f"must be one of {', '.join(words)}")
        return next(word for word in words if word.lower() == text.lower())

    return parse


def _switch(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return parse


KNOBS = {
    "RINHA_FILE": Knob(
        "var/rinha.db", _path, "the ledger's SQLite file; its directory must exist, on a local disk"
    ),
    "RINHA_LISTEN": Knob(
        "unix:var/api01.sock", _listen, "unix:PATH or HOST:PORT; a socket needs no network"
    ),
    "RINHA_SYNCHRONOUS": Knob(
        "NORMAL",
        _one_of("NORMAL", "FULL"),
        "NORMAL survives any crash of processes; FULL survives a power cut too, for an fsync each",
    ),
    "RINHA_LOCK_WAIT_MS": Knob(
        "1000",
        _whole_number(1, 10_000),
        "how long a request waits for its turn to write before it is answered 503",
    ),
    "RINHA_RESET": Knob(
        "off", _switch, "on allows POST /reset, which empties the ledger: for contests only"
    ),
    "RINHA_LOG_LEVEL": Knob(
        "info",
        _one_of("debug", "info", "warning", "error"),
        "how much is told on stderr, as JSON lines",
    ),
    "INSTANCES": Knob(
        "2", _whole_number(1, 16), "how many instances `make up` starts; the contest asks for two"
    ),
    "PORT": Knob("9999", _whole_number(1, 65535), "where nginx listens; the contest asks for 9999"),
}


@dataclass(frozen=True)
class Settings:
    file: Path
    listen: str | tuple[str, int]
    synchronous: str
    lock_wait_s: float
    reset: bool
    log_level: str
    instances: int
    port: int


def load(environ: Mapping[str, str]) -> Settings:
    values = {}
    for name, knob in KNOBS.items():
        text = environ.get(name) or knob.default
        try:
            values[name] = knob.parse(text)
        except ValueError as error:
            raise SettingError(f"{name}={text!r} {error}") from None
    return Settings(
        file=values["RINHA_FILE"],
        listen=values["RINHA_LISTEN"],
        synchronous=values["RINHA_SYNCHRONOUS"],
        lock_wait_s=values["RINHA_LOCK_WAIT_MS"] / 1000,
        reset=values["RINHA_RESET"],
        log_level=values["RINHA_LOG_LEVEL"],
        instances=values["INSTANCES"],
        port=values["PORT"],
    )


def describe() -> str:
    """The knobs as --help shows them."""
    lines = [f"  {name}={knob.default}\n      {knob.reason}" for name, knob in KNOBS.items()]
    return "\n".join(["settings, from the environment:", *lines])
