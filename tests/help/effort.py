"""How much the tests that try to break a promise do, from the environment.

EFFORT=crash (`make crash`) and EFFORT=chaos (`make chaos`) do more of the same than `make test`;
SEED=... repeats the chance of a run that failed.
"""

import os
import random
from typing import TypeVar

T = TypeVar("T")
EFFORT = os.environ.get("EFFORT", "test")


def effort(test: T, crash: T, chaos: T) -> T:
    """How many rounds there are, by who asks."""
    return {"test": test, "crash": crash, "chaos": chaos}[EFFORT]


def drawn_seed() -> int:
    """Another one each time; a test that fails shows it, and SEED= draws it again."""
    seed = int(os.environ.get("SEED") or random.randrange(2**31))
    print(f"seed {seed}")
    return seed
