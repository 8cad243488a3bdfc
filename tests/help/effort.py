"""Effort of the tests that try to break a promise, set by the environment.

EFFORT=crash (`make crash`) and EFFORT=chaos (`make chaos`) run more rounds than `make test`.
SEED=... repeats the random choices of a failed run.
"""

import os
import random
from typing import TypeVar

T = TypeVar("T")
EFFORT = os.environ.get("EFFORT", "test")


def effort(test: T, crash: T, chaos: T) -> T:
    """Returns the value for this run's effort."""
    return {"test": test, "crash": crash, "chaos": chaos}[EFFORT]


def drawn_seed() -> int:
    """Returns a new random seed, or SEED, and prints it for the report of a failure."""
    seed = int(os.environ.get("SEED") or random.randrange(2**31))
    print(f"seed {seed}")
    return seed
