"""Makers of wrong entries: each changes one step of a right entry."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.help.right_entries import QUIET_FIRST, RightEntry, RightLedger
from tests.help.wired import Entry, Piece

EVERYBODY = ("run", "official", "check")


@dataclass(frozen=True)
class Kind:
    """A kind of wrong entry, and the commands that must say FAIL. `slow` means that the judge waits
    for late or missing answers."""

    make: Callable[[], Entry]
    sees: tuple[str, ...] = EVERYBODY
    slow: bool = False


def planted(fault: str, base: type[RightEntry] = RightLedger) -> Callable[[], Entry]:
    """Makes entries with a fault of the reference entry, one that involves no waiting."""

    def make() -> Entry:
        made = base()
        made.entry.fault = fault
        return made

    return make


def answering(
    change: Callable[[Any, int, Any], tuple[int, Any]], base: type[RightEntry] = RightLedger
) -> Callable[[], Entry]:
    """Makes entries whose answers have the status and content of change(entry, status, content)."""

    class Bent(base):  # type: ignore[valid-type, misc]
        def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
            return change(self, *super().answer(method, path, body))

    return Bent


def moving(
    change: Callable[[Any, dict[str, Any]], Any], base: type[RightEntry] = RightLedger
) -> Callable[[], Entry]:
    """Makes entries whose answers to some accepted transactions are change(entry, content)."""

    def bend(entry: Any, status: int, content: Any) -> tuple[int, Any]:
        bent = status == 200 and entry.method == "POST" and entry.now_and_then
        return status, change(entry, content) if bent else content

    return answering(bend, base)


def showing(change: Callable[[Any, dict[str, Any]], Any]) -> Callable[[], Entry]:
    """Makes entries whose statements are change(entry, content)."""

    def bend(entry: Any, status: int, content: Any) -> tuple[int, Any]:
        bent = status == 200 and entry.method == "GET" and entry.asked > QUIET_FIRST
        return status, change(entry, content) if bent else content

    return answering(bend)


def writing(
    change: Callable[[bytes], bytes], base: type[RightEntry] = RightLedger
) -> Callable[[], Entry]:
    """Makes entries whose answers sometimes have the body change(body)."""

    class Bent(base):  # type: ignore[valid-type, misc]
        def text(self, status: int, content: Any) -> bytes:
            text: bytes = super().text(status, content)
            return change(text) if self.now_and_then and text else text

    return Bent


def saldo_as(text: bytes) -> Callable[[], Entry]:
    """Makes entries whose answers sometimes have this text as the balance."""

    def bend(body: bytes) -> bytes:
        return re.sub(rb'("saldo"|"total"): -?\d+', lambda found: found[1] + b": " + text, body)

    return writing(bend)


def sending(
    change: Callable[[Any, int, bytes], Iterable[Piece]], base: type[RightEntry] = RightLedger
) -> Callable[[], Entry]:
    """Makes entries that sometimes send the pieces of change(entry, status, body)."""

    class Bent(base):  # type: ignore[valid-type, misc]
        def pieces(self, status: int, text: bytes) -> Iterable[Piece]:
            if self.now_and_then:
                return change(self, status, text)
            right: Iterable[Piece] = super().pieces(status, text)
            return right

    return Bent
