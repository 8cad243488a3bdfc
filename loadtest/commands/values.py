"""Parses the values of options; a wrong value becomes an error message of argparse."""

import argparse
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from loadtest.editions import CONTESTS, EDITIONS
from loadtest.limits import RATE_MAX
from loadtest.report.thresholds import FIGURES, Threshold
from loadtest.wire.request import Address

_THRESHOLD = re.compile(r"(?P<figure>[a-z0-9.]+)\s*(?P<sign>[<>])\s*(?P<bound>\d+(?:\.\d+)?)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m)?")


def address(text: str) -> Address:
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        port = parts.port or 80
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error
    if parts.scheme != "http" or not parts.hostname or parts.path not in {"", "/"}:
        raise argparse.ArgumentTypeError(f"{text} is not like http://localhost:9999")
    return Address(parts.hostname, port)


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
    shape = _DURATION.fullmatch(text)
    seconds = float(shape[1]) * (60 if shape[2] == "m" else 1) if shape else 0.0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not like 30 or 2m, up to a day")
    return seconds


def threshold(text: str) -> Threshold:
    """Parses `p99<5` (ms, response time), `max<100`, `rate>300` (per second), `failures<1`."""
    shape = _THRESHOLD.fullmatch(text.strip())
    if shape is None or shape["figure"] not in FIGURES:
        like = f"{text!r} is not like p99<5, with one of {', '.join(FIGURES)}"
        raise argparse.ArgumentTypeError(like)
    return Threshold(shape["figure"], shape["sign"] == "<", float(shape["bound"]))


def plain_name(text: str) -> str:
    if not re.fullmatch(r"[\w-][\w.-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r}: letters, digits, dots and dashes only")
    return text
