"""Messages of the stack, from the file of sentences that say.sh shares."""

import sys
from importlib.resources import files

from rinha.terminal import printable_lines
from stack import launch

SENTENCES = dict(
    line.split("=", 1) for line in (files("stack") / "sentences").read_text().splitlines()
)
# Replaces the `make` in the sentences.
COMMAND = sys.argv[0] if launch.ONE_FILE else "make"


def sentence(name: str, *words: object) -> str:
    """Returns a sentence with its arguments. The file writes line breaks as printf reads them."""
    return SENTENCES[name].replace("make ", f"{COMMAND} ").replace("\\n", "\n") % words


def say(name: str, *words: object) -> int:
    print(printable_lines(sentence(name, *words)))
    return 0


def fail(reason: str) -> int:
    print(printable_lines(f"rinha: {reason}"), file=sys.stderr)
    return 2
