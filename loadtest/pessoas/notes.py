"""Notes of every post and every search, written while the load runs."""

from msgspec import Struct


class Posted(Struct, tag=1, array_like=True, gc=False):
    """The status or failure of a post, and the path of a person who was added."""

    place: int
    code: int
    answered_ns: int
    path: str


class Searched(Struct, tag=2, array_like=True, gc=False):
    """The places of the people whom a search shows, without people who were never sent."""

    termo: str
    sent_ns: int
    found: list[int]


Note = Posted | Searched
