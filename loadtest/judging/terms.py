"""The arena's terms: what an edition of the contest grants to an entry."""

from decimal import Decimal
from typing import NamedTuple

from loadtest.limits import READY_WAIT_S

PORT = 9999  # of every edition


class Terms(NamedTuple):
    """The sums of the limits of all services, named programs, and the time of a start."""

    cpus: Decimal
    memory: str  # as the rules write it
    balancers: frozenset[str] = frozenset()  # empty: any
    databases: frozenset[str] = frozenset()  # empty: any that keeps its data on disk
    ready_wait_s: float = READY_WAIT_S
