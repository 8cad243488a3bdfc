"""Parses the values of options; a wrong value becomes an error message of argparse."""

import argparse
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from loadtest.editions import CONTESTS, EDITIONS, any_report
from loadtest.limits import DURATION_MAX_S, RATE_MAX
from loadtest.report.data import Report
from loadtest.report.json import BadReportError, baseline_path, find_report
from loadtest.report.thresholds import FIGURES, Threshold
from loadtest.wire.request import DEFAULT_PORTS, Address, Tls

_FIGURE = "|".join(map(re.escape, sorted(FIGURES, key=len, reverse=True)))
_THRESHOLD = re.compile(
    rf"(?:(?P<kind>\S.*)\.)?(?P<figure>{_FIGURE})\s*(?P<sign>[<>])\s*(?P<bound>\d+(?:\.\d+)?)"
)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(s|m)?", re.ASCII)


def address(text: str) -> Address:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error
    more = parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in DEFAULT_PORTS or not host or parts.path not in {"", "/"} or more:
        like = "http://localhost:9999 or https://example.com"
        raise argparse.ArgumentTypeError(f"{text} is not like {like}")
    return Address(host, port, Tls() if parts.scheme == "https" else None)


def edition_name(text: str) -> str:
    name = CONTESTS.get(text, text)
    if name not in EDITIONS:
        raise argparse.ArgumentTypeError(f"{text} is not {' or '.join(EDITIONS)}")
    return name


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {lowest} to {highest}")
        return int(text)

    return read


def number(highest: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to {highest:g}")
        return value

    return read


def ramp(text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    read = number(RATE_MAX)
    if not colon:
        raise argparse.ArgumentTypeError(f"{text} is not like 1:2000")
    return read(low), read(high)


def duration(text: str) -> float:
    found_s = seconds(text)
    if not found_s or found_s > DURATION_MAX_S:
        raise argparse.ArgumentTypeError(f"{text} is not like 30 or 2m, up to a day")
    return found_s


def seconds(text: str) -> float | None:
    """Returns the seconds of `30`, `30s` or `2m`, and None for any other text."""
    shape = _DURATION.fullmatch(text)
    return float(shape[1]) * (60 if shape[2] == "m" else 1) if shape else None


def threshold(text: str) -> Threshold:
    """Parses `p99<5` (ms, response time), `rate>300` (per second), `failures<1`.

    `debits.p99<5` is a threshold of one type of request, by its name in the report.
    """
    shape = _THRESHOLD.fullmatch(text.strip())
    if shape is None:
        like = f"{text!r} is not like p99<5 or debits.p99<5, with one of {', '.join(FIGURES)}"
        raise argparse.ArgumentTypeError(like)
    return Threshold(shape["figure"], shape["sign"] == "<", float(shape["bound"]), shape["kind"])


def baseline_name(text: str) -> str:
    """Returns the name of a baseline that can be saved: a wrong one must not lose a run."""
    if not re.fullmatch(r"[\w-][\w.-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r}: letters, digits, dots and dashes only")
    try:
        baseline_path(text)
    except BadReportError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def saved_report(text: str) -> Report:
    """Reads a report now: a wrong name must not be found only after the run."""
    try:
        report: Report = find_report(text, any_report())
    except BadReportError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return report
