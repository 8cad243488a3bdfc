"""Settings of the service, and the limits of its common core, each with its reason."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from rinha import cores
from rinha.address import ServerUrl, ledger_of, link_of
from rinha.errors import SettingError

# Limits that are not settings.

# Bodies are one or two levels deep, and no sensible body is deeper than this.
BODY_MAX_DEPTH = 32
# Connections that the kernel holds while the one worker of an instance is busy.
LISTEN_BACKLOG = 4096
# Files that an instance may have open, as in its container. Shells allow 1,024, and nginx opens up
# to 2,000 connections.
OPEN_FILES_MAX = 20_000
# After the address is removed, earlier connections still wait in the backlog.
DRAIN_BACKLOG_S = 0.2
# An instance ends within 2 s of a SIGTERM. Connections that stay open are cut before that.
DRAIN_MAX_S = 1.7
# Under systemd an instance sends itself requests: at this interval until the first answer, each
# with this timeout, which is longer than a request ever waits for the ledger.
SELF_CHECK_EVERY_S = 0.05
SELF_CHECK_MAX_S = 30.0
# A group of requests holds the write lock. If it is still open at the second look, no client of it
# reads its answer, and it is committed without them.
GROUP_CHECK_EVERY_S = 0.05

# Interval at which a repeated error is logged again, with its count.
LOG_REPEAT_S = 60.0

# Lines that wait while the reader of the log is blocked. A repeated error is one line a minute, so
# these are hours of it; with tracebacks they take 1 MB.
LOG_LINES_WAITING_MAX = 256
# Time that a process that ends waits for its last lines; with DRAIN_MAX_S under 2 s.
LOG_FINISH_MAX_S = 0.2

# A client that could not reach the service for a night still finds its keys.
KEYS_KEPT_H_MIN = 24
KEYS_KEPT_H_MAX = 24 * 366
HOUR_US = 3_600_000_000

# Interval of the progress lines of `rinha move`.
MOVE_PROGRESS_EVERY_S = 2.0


class Setting(NamedTuple):
    default: str
    parse: Callable[[str], Any]
    reason: str


def _listen(text: str) -> str | tuple[str, int]:
    if text.startswith("unix:") and len(text) > len("unix:"):
        return text
    host, _, port = text.rpartition(":")
    if host and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 2**16:
        return host, int(port)
    raise ValueError("must be unix:PATH or HOST:PORT")


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in [choice.lower() for choice in choices]:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return next(choice for choice in choices if choice.lower() == text.lower())

    return parse


def _switch(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def _instances(text: str) -> int:
    if text.lower() == "auto":
        return cores.instances(cores.usable())
    try:
        return _whole_number(1, cores.INSTANCES_MAX)(text)
    except ValueError as error:
        raise ValueError(f"{error}, or auto") from None


def _milliseconds(text: str) -> float:
    """Returns the time in seconds."""
    return _whole_number(1, 10_000)(text) / 1000


def _hours(text: str) -> int:
    """Returns the time in microseconds."""
    return _whole_number(KEYS_KEPT_H_MIN, KEYS_KEPT_H_MAX)(text) * HOUR_US


def _replica(text: str) -> str:
    """Returns the URL, which must not contain a secret, as it is logged."""
    if text and not re.fullmatch(r"file:///[^?#]+|s3://[^/@?#]+(/[^@?#]*)?(\?[^@#]*)?", text):
        raise ValueError(
            "must be file:///FOLDER or s3://BUCKET/FOLDER; keys come from AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    return text


def _port_or_off(text: str) -> int | None:
    try:
        return None if text.lower() == "off" else _whole_number(1, 65535)(text)
    except ValueError as error:
        raise ValueError(f"{error}, or off") from None


def _address(text: str) -> str:
    """Returns the address as nginx and Docker Compose write it: IPv6 in brackets."""
    is_6 = text.startswith("[") and text.endswith("]")
    try:
        found = ipaddress.ip_address(text[1:-1] if is_6 else text)
    except ValueError:
        found = None
    if not found or (found.version == 6) != is_6 or "%" in text:
        raise ValueError("must be an address of this machine, such as 127.0.0.1 or [::1]")
    return f"[{found}]" if is_6 else str(found)


def _every(text: str) -> float | None:
    """Returns the interval in seconds, or None for `off`."""
    found = re.fullmatch("([0-9]{1,5})([smh])", text)
    if text.lower() != "off" and (not found or not int(found[1])):
        raise ValueError("must be off, or such as 90s, 30m or 6h")
    return int(found[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[found[2]] if found else None


# Each edition is a folder of routes and stores. The first one is the default.
EDITIONS = ("crebitos", "pessoas")
# The contest's own names of the editions.
CONTESTS = {"2024q1": "crebitos", "2023q3": "pessoas"}


def _edition(text: str) -> str:
    found = CONTESTS.get(text.lower(), text.lower())
    if found not in EDITIONS:
        raise ValueError(f"must be one of {', '.join([*EDITIONS, *CONTESTS])}")
    return found


SETTINGS = {
    "RINHA_EDITION": Setting(
        EDITIONS[0],
        _edition,
        "crebitos, the ledger of the contest of 2024/Q1, or pessoas, the registry of 2023/Q3; "
        "2024q1 and 2023q3 mean the same",
    ),
    "RINHA_LEDGER": Setting(
        "var/rinha.db",
        ledger_of,
        "the ledger: an SQLite file, whose directory must exist, on a local disk; or servers, as in"
        " postgresql://USER@HOST,HOST,HOST/DATABASE",
    ),
    "RINHA_LISTEN": Setting(
        "unix:var/api01.sock", _listen, "unix:PATH or HOST:PORT; a socket needs no network"
    ),
    "RINHA_SYNCHRONOUS": Setting(
        "FULL",
        _one_of("NORMAL", "FULL"),
        "FULL: what was answered survives a power cut, answers wait for an fsync that many share; "
        "NORMAL: it survives any crash of processes, and a power cut may take the newest",
    ),
    "RINHA_LOCK_WAIT_MS": Setting(
        "1000",
        _milliseconds,
        "how long a request waits for the write lock before it is answered 503",
    ),
    "RINHA_IDEMPOTENCY_HOURS": Setting(
        str(KEYS_KEPT_H_MIN),
        _hours,
        "how long the answer to a request with an Idempotency-Key is kept, in hours",
    ),
    "RINHA_RESET": Setting(
        "off", _switch, "on allows POST /reset, which empties the ledger: for contests only"
    ),
    "RINHA_REPLICA": Setting(
        "",
        _replica,
        "file:///FOLDER or s3://BUCKET/FOLDER: the replica that Litestream writes",
    ),
    "RINHA_LOG_LEVEL": Setting(
        "info",
        _one_of("debug", "info", "warning", "error"),
        "least severe level of the log on stderr, in JSON lines",
    ),
    "RINHA_METRICS": Setting(
        "off", _switch, "on counts requests and more, for the operator's page and for Prometheus"
    ),
    "RINHA_AUDIT_EVERY": Setting(
        "off",
        _every,
        "such as 30m or 6h: interval of audits under load, with RINHA_METRICS; or off",
    ),
    "INSTANCES": Setting(
        "2",
        _instances,
        "number of instances behind nginx, or auto: one for each core that the stack may use, at "
        "least two; the contest asks for two",
    ),
    "BIND": Setting(
        "0.0.0.0",  # noqa: S104 - as the contest wants it
        _address,
        "the address that nginx listens on, such as 127.0.0.1 or [::1]; 0.0.0.0 is all of IPv4",
    ),
    "PORT": Setting("9999", _whole_number(1, 65535), "port of nginx; the contest asks for 9999"),
    "OPS_PORT": Setting(
        "9990", _port_or_off, "port of the operator's page and metrics, on loopback only; or off"
    ),
}


# Settings without a meaning for servers, and so refused with one.
ONLY_FOR_FILES = ("RINHA_SYNCHRONOUS", "RINHA_LOCK_WAIT_MS", "RINHA_REPLICA")


@dataclass(frozen=True)
class Settings:
    """Values of all settings, in the order of SETTINGS."""

    edition: str
    ledger: Path | ServerUrl
    listen: str | tuple[str, int]
    synchronous: str
    lock_wait_s: float
    keys_kept_us: int
    reset: bool
    replica: str
    log_level: str
    metrics: bool
    audit_every_s: float | None
    instances: int
    bind: str
    port: int
    ops_port: int | None
    # The symbolic link by which `ledger` was named, if one was.
    ledger_link: Path | None = None

    @property
    def engine(self) -> str:
        return "postgres" if isinstance(self.ledger, ServerUrl) else "sqlite"


def value_of(name: str, environ: Mapping[str, str]) -> Any:
    """Returns the value of one setting. An empty one counts as not set."""
    text = environ.get(name) or SETTINGS[name].default
    try:
        if text != text.encode(errors="replace").decode():
            raise ValueError("must be in UTF-8")
        return SETTINGS[name].parse(text)
    except ValueError as error:
        # The part before an @ in an address may be a key.
        shown = re.sub("//.*@", "//...@", text)
        raise SettingError(f"{name}={shown!r} {error}") from None


def load(environ: Mapping[str, str]) -> Settings:
    link = link_of(environ.get("RINHA_LEDGER") or SETTINGS["RINHA_LEDGER"].default)
    settings = Settings(*(value_of(name, environ) for name in SETTINGS))
    if settings.engine == "postgres":
        for name in ONLY_FOR_FILES:
            if environ.get(name):
                raise SettingError(f"{name} must not be set where the ledger is a server")
    return replace(settings, ledger_link=link)


def describe() -> str:
    """Returns the settings as --help shows them."""
    lines = [
        f"  {name}={setting.default}\n      {setting.reason}" for name, setting in SETTINGS.items()
    ]
    return "\n".join(["settings, from the environment:", *lines])
