"""Parses the values that shape a load: its stages, its mix and its clients."""

import argparse
import re

from loadtest.commands.values import seconds
from loadtest.drive.schedule import Stage
from loadtest.limits import CLIENTES_MAX, DURATION_MAX_S, MIX_SUM_MAX, RATE_MAX, STAGES_MAX

_RATE = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_SPAN = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)


def stages(text: str) -> tuple[Stage, ...]:
    """Parses `10s:100,1m:340,10s:0`: durations, and the rate at the end of each."""
    parts = text.split(",")
    found = [_stage(part) for part in parts[:STAGES_MAX]]
    if len(parts) > STAGES_MAX:
        raise argparse.ArgumentTypeError(f"more than {STAGES_MAX} stages")
    if sum(stage.duration_s for stage in found) > DURATION_MAX_S:
        raise argparse.ArgumentTypeError(f"{text}: all stages together may take up to a day")
    if all(stage.rate == 0 for stage in found) or all(stage.duration_s == 0 for stage in found):
        raise argparse.ArgumentTypeError(f"{text} sends no request")
    return tuple(found)


def _stage(text: str) -> Stage:
    length, _, rate = text.strip().partition(":")
    duration_s = seconds(length)
    if duration_s is None or not _RATE.fullmatch(rate) or float(rate) > RATE_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not like 10s:100 or 1m:340, with a rate up to {RATE_MAX:,.0f}"
        )
    return Stage(duration_s, float(rate))


def mix(text: str) -> tuple[int, ...]:
    """Parses `22:11:1`: the weight of each type."""
    weights = text.split(":")
    if not all(re.fullmatch(r"\d{1,6}", weight, re.ASCII) for weight in weights):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 22:11:1")
    found = tuple(map(int, weights))
    if not 0 < sum(found) <= MIX_SUM_MAX:
        raise argparse.ArgumentTypeError(f"{text}: the weights must add up to 1 to {MIX_SUM_MAX:,}")
    return found


def clientes(text: str) -> tuple[int, ...]:
    """Parses `1` or `1,3-5`: numbers of clients, in ascending order."""
    found: set[int] = set()
    for part in text.split(","):
        shape = _SPAN.fullmatch(part.strip())
        first = int(shape[1]) if shape else 0
        last = int(shape[2]) if shape and shape[2] else first
        if not 0 < first <= last <= CLIENTES_MAX:
            raise argparse.ArgumentTypeError(f"{text!r} is not like 1 or 1,3-5")
        found.update(range(first, last + 1))
    return tuple(sorted(found))
