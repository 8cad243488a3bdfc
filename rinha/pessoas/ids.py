"""Ids of people: UUIDs of version 7, which cannot be guessed.

They begin with the time, so an index adds a new one at its end.
"""

import os
import time

VERSION = 0x7 << 76
VARIANT = 0b10 << 62
RANDOM_MASK = ~(0xF << 76 | 0b11 << 62)


def new_id() -> str:
    time_ms = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    number = time_ms << 80 | random & RANDOM_MASK | VERSION | VARIANT
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def time_us_of(id_: str) -> int:
    """Returns the time in an id, in microseconds, exact to the millisecond; 0 for an id of another
    kind, which a row that was added by hand may have."""
    try:
        return int(id_.replace("-", "")[:12], 16) * 1000
    except ValueError:
        return 0
