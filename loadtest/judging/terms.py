"""The arena's terms: what an edition of the contest grants to an entry."""

from decimal import Decimal
from typing import NamedTuple

PORT = 9999  # of every edition


class Terms(NamedTuple):
    """The sums of the limits of all services, and the programs that an edition names."""

    cpus: Decimal
    memory: str  # as the rules write it
    balancers: frozenset[str] = frozenset()  # empty: any
    databases: frozenset[str] = frozenset()  # empty: any that keeps its data on disk
