"""A table of a report, as a terminal and a page show it alike."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """Words that say whether something is good."""

    words: str
    good: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their names; without names a row is a name and its value.

    The columns of words stand to the left, all others are numbers and stand to the right.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Mark]]
    words: Sequence[int] = (0,)
    note: str = ""
