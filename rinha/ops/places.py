"""Where the instances of a machine find each other: their counts, and whose turn the audit is."""

from pathlib import Path

from rinha.ops.counts import SUFFIX
from rinha.settings import KNOBS, Settings


def counts_file(knobs: Settings) -> Path:
    """Beside the socket and named like it."""
    if isinstance(knobs.listen, str):
        socket = Path(knobs.listen.removeprefix("unix:"))
        return socket.with_name(f"{socket.stem}{SUFFIX}")
    return _file_of(knobs).with_name(f"{knobs.listen[1]}{SUFFIX}")


def turn_file(knobs: Settings) -> Path:
    """Whoever holds it audits; on each machine one, where the ledger is on servers."""
    file = _file_of(knobs)
    return file.with_name(f"{file.name}.audit")


def _file_of(knobs: Settings) -> Path:
    """The ledger's, or the one that it would have here."""
    return knobs.ledger if isinstance(knobs.ledger, Path) else Path(KNOBS["RINHA_LEDGER"].default)
