"""Prints the messages of messages.txt, which messages.sh reads too."""

import sys
from importlib.resources import files

from rinha.terminal import printable_lines
from stack import paths

MESSAGES = dict(
    line.split("=", 1) for line in (files("stack") / "messages.txt").read_text().splitlines()
)
# Replaces the `make` in the messages.
COMMAND = sys.argv[0] if paths.ONE_FILE else "make"


def message(name: str, *args: object) -> str:
    """Returns a message with its arguments. The file writes line breaks as printf reads them."""
    # A path may have a percent sign.
    command = COMMAND.replace("%", "%%")
    return MESSAGES[name].replace("\\n", "\n").replace("make ", f"{command} ") % args


def show(name: str, *args: object) -> int:
    """Prints a message; returns the exit code of success."""
    print(printable_lines(message(name, *args)))
    return 0


def fail(reason: str) -> int:
    """Prints the reason of an error; returns its exit code."""
    print(printable_lines(f"rinha: {reason}"), file=sys.stderr)
    return 2
