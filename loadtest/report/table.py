"""A table of a report, for the terminal and the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """Words, and whether what they say is good."""

    words: str
    good: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names; without names a row is a name and its value.

    The columns in `words` are text and aligned left; the others are numbers and aligned right.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Mark]]
    words: Sequence[int] = (0,)
    note: str = ""
