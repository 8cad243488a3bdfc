"""Reads Gatling's simulation.log: text in version 3.10, binary records in later ones."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from loadtest.report.json import BadReportError, bytes_of

LOG_NAME = "simulation.log"
RUN, REQUEST, USER, GROUP, ERROR = range(5)  # the first byte of a binary record
LATEST_MS = 253_402_300_800_000  # the end of the year 9999, after which Python has no dates
UTF16 = 1  # marks a binary string with two bytes per character


class LoggedRequest(NamedTuple):
    """One request in Gatling's log; the message of a failed one is the reason."""

    name: str
    start_ms: int
    end_ms: int
    is_ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class GatlingRun:
    """A whole log; in a run that was killed, some virtual users have no end."""

    version: str
    simulation: str
    requests: list[LoggedRequest]
    users_without_end: int

    @property
    def started_ms(self) -> int:
        return min(request.start_ms for request in self.requests)

    @property
    def ended_ms(self) -> int:
        return max(request.end_ms for request in self.requests)


def read_log(path: Path) -> GatlingRun:
    """Reads a log in either format; the first byte tells which one it is."""
    data = bytes_of(path)
    try:
        run = _read_binary(data) if data[:1] == bytes([RUN]) else _read_text(data.decode())
        _require_times(run.requests)
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise BadReportError(
            f"{path} is cut short or no log of Gatling (3.10 to 3.15 are known)"
        ) from error
    if not run.requests:
        raise BadReportError(f"{path} has no requests")
    return run


def _require_times(requests: Sequence[LoggedRequest]) -> None:
    """Requires that a calendar has all times: bytes that are off by one may be any number."""
    for one in requests:
        if not 0 <= min(one.start_ms, one.end_ms) <= max(one.start_ms, one.end_ms) < LATEST_MS:
            raise ValueError("a time of no calendar")


def _read_text(text: str) -> GatlingRun:
    """Parses the text format: lines of fields, separated by tabs."""
    version = simulation = ""
    requests, users = [], 0
    # A message quotes the target: `splitlines` would also end a line at U+2028 and others in it.
    for line in text.split("\n"):
        kind, *fields = line.removesuffix("\r").split("\t")
        if kind == "RUN":
            simulation, version = fields[0], fields[4]
        elif kind == "USER":
            users += 1 if fields[1] == "START" else -1
        elif kind == "REQUEST":
            _groups, name, start_ms, end_ms, status, message = fields
            requests.append(
                LoggedRequest(name, int(start_ms), int(end_ms), status == "OK", message.strip())
            )
    if not version or not text.endswith("\n"):
        raise ValueError("no whole log")
    return GatlingRun(version, simulation, requests, users)


class _Bytes(BytesIO):
    """Reader of binary values; a repeated string is stored as a number."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._strings: dict[int, str] = {}

    def take(self, count: int) -> bytes:
        taken = self.read(count)
        if len(taken) != count:
            raise ValueError("cut short")
        return taken

    def integer(self) -> int:
        return int.from_bytes(self.take(4), signed=True)

    def long(self) -> int:
        return int.from_bytes(self.take(8), signed=True)

    def byte(self) -> int:
        return self.take(1)[0]

    def string(self) -> str:
        size = self.integer()
        if not size:
            return ""
        characters = self.take(size)
        return characters.decode("utf-16-le" if self.byte() == UTF16 else "latin-1")

    def known_string(self) -> str:
        number = self.integer()
        if number >= 0:
            self._strings[number] = self.string()
        return self._strings[abs(number)]

    def known_strings(self) -> list[str]:
        return [self.known_string() for _ in range(self.integer())]


def _read_binary(data: bytes) -> GatlingRun:
    """Parses big-endian records: a run record, then the others in the order of their end."""
    log = _Bytes(data)
    log.byte()
    version, simulation, start_ms = log.string(), log.string(), log.long()
    log.string()
    for _scenario in range(log.integer()):
        log.string()
    for _assertion in range(log.integer()):
        log.take(log.integer())
    requests, users = [], 0
    while first := log.read(1):
        kind = first[0]
        if kind == REQUEST:
            requests.append(_binary_request(log, start_ms))
        elif kind == USER:
            log.integer()
            users += 1 if log.byte() else -1
            log.integer()
        elif kind == GROUP:
            log.known_strings()
            log.take(4 + 4 + 4 + 1)
        elif kind == ERROR:
            log.known_string()
            log.take(4)
        else:
            raise ValueError(f"no such record: {kind}")
    return GatlingRun(version, simulation, requests, users)


def _binary_request(log: _Bytes, start_ms: int) -> LoggedRequest:
    log.known_strings()
    name = log.known_string()
    started_ms, ended_ms = start_ms + log.integer(), start_ms + log.integer()
    is_ok = bool(log.byte())
    return LoggedRequest(name, started_ms, ended_ms, is_ok, log.known_string())
