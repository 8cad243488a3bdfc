"""Shifts Python's clock by the seconds in a file; Python imports this module at its start."""

import os
import time
from pathlib import Path

_true_ns = time.time_ns
_offset = Path(os.environ["CLOCK_OFFSET_FILE"])


def _wrong_ns() -> int:
    return _true_ns() + int(_offset.read_text() or 0) * 1_000_000_000


time.time_ns = _wrong_ns
time.time = lambda: _wrong_ns() / 1e9
