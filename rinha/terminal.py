"""Output of commands: no text from outside acts as an escape sequence in a terminal, and a reader
that ends first, such as `head`, is no error."""

import io
import os
import signal
import sys
from typing import TextIO

# Exit codes as a shell gives them: after Ctrl-C, and of a command whose output is read no more.
INTERRUPTED = 128 + signal.SIGINT
UNREAD = 128 + signal.SIGPIPE


def printable(text: str) -> str:
    """Escapes each character that does not print, as JSON does: control codes such as escape and
    line feed, and marks that change the direction of writing."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def printable_lines(text: str) -> str:
    """Escapes a text like `printable`, but keeps its line feeds and tabs."""
    return "".join(one if one in "\n\t" else printable(one) for one in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


class PrintableStream:
    """Stream to a terminal that escapes its text. All other methods are the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(printable_lines(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def write_any_character() -> None:
    """Escapes characters that the terminal's encoding lacks, in place of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_unread() -> None:
    """Drops the output that is left, after its reader has ended."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
