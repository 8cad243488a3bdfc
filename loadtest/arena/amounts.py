"""CPU and memory limits, as people write them and as Docker reads them."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from loadtest.arena.nodes import Place, Scalar

# Docker's units are binary, whatever their spelling: 1MB is 1,048,576 bytes.
MEGABYTE = 2**20
MEMORY_MIN_BYTES = 6 * MEGABYTE  # Docker starts no container with less
CPUS_MIN = Decimal("0.01")  # the same
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
_SIZE = re.compile(r"(?P<number>[0-9]*\.?[0-9]+|[0-9]+\.) ?(?:(?P<unit>[kmgtp])(?:i?b)?|b)?", re.I)
_CPUS = re.compile(r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]{1,2})?", re.I)
NUMBER_CHARACTERS_MAX = 40  # a longer number is no limit that anyone means


class Limit(NamedTuple):
    """A limit of one service; `fault` says why it does not limit."""

    amount: Decimal
    text: str
    place: Place | None
    fault: str


def cpu_limit(declared: Sequence[tuple[str, Scalar]]) -> Limit:
    """Returns the CPU limit of a service; `declared` has each key that sets it."""
    limit = _agreed(declared, _cpus)
    if not limit.fault and limit.amount < CPUS_MIN:
        return limit._replace(fault=f"{limit.text}; Docker's minimum is {CPUS_MIN}")
    return limit


def memory_limit(declared: Sequence[tuple[str, Scalar]]) -> Limit:
    """Returns the memory limit of a service in bytes; `declared` has each key that sets it."""
    limit = _agreed(declared, memory_bytes)
    if not limit.fault and limit.amount < MEMORY_MIN_BYTES:
        return limit._replace(fault=f"{limit.text}; Docker's minimum is 6MB")
    return limit


def _cpus(text: str) -> Decimal | None:
    if len(text) > NUMBER_CHARACTERS_MAX or not _CPUS.fullmatch(text):
        return None
    return Decimal(text)


def memory_bytes(text: str) -> Decimal | None:
    """Returns the bytes of a text such as 100MB, 0.1gb or 104857600; None if it has no size."""
    # The length first: the pattern takes the square of it.
    found = None if len(text) > NUMBER_CHARACTERS_MAX else _SIZE.fullmatch(text)
    if found is None:
        return None
    number = Decimal(found["number"].rstrip("."))
    return Decimal(int(number * _UNITS.get((found["unit"] or "").lower(), 1)))


def _agreed(declared: Sequence[tuple[str, Scalar]], read: Callable[[str], Decimal | None]) -> Limit:
    if not declared:
        return Limit(Decimal(0), "none", None, "none")
    key, first = declared[0]
    amount = read(first.text)
    if amount is None:
        fault = f"{key}: {first.text!r}, which Docker cannot read"
        return Limit(Decimal(0), first.text, first.place, fault)
    fault = f"{key}: {first.text}, which means no limit" if amount == 0 else ""
    for other_key, other in declared[1:]:
        if read(other.text) != amount:
            fault = f"{key}: {first.text}, but {other_key}: {other.text}"
    return Limit(amount, first.text, first.place, fault)
