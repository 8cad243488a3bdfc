"""A table of a report, for the terminal and the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A text, and whether it is good news."""

    text: str
    good: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names; without names a row is a name and its value.

    The columns in `text_columns` are aligned left; the others are numbers and aligned right.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Mark]]
    text_columns: Sequence[int] = (0,)
    note: str = ""
