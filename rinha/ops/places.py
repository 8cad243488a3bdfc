"""Where the instances of a machine find each other: their counts, and whose turn the audit is."""

from pathlib import Path

from rinha.ops.counts import SUFFIX
from rinha.settings import KNOBS, Settings


def counts_file(knobs: Settings) -> Path:
    """Beside the socket and named like it."""
    if isinstance(knobs.listen, str):
        socket = Path(knobs.listen.removeprefix("unix:"))
        return socket.with_name(f"{socket.stem}{SUFFIX}")
    folder = Path(KNOBS["RINHA_LEDGER"].default).parent
    if isinstance(knobs.ledger, Path):
        folder = knobs.ledger.parent
    return folder / f"{knobs.listen[1]}{SUFFIX}"


def turn_file(knobs: Settings) -> Path:
    """Whoever holds it audits: one for a file, and on each machine one where servers have it."""
    if isinstance(knobs.ledger, Path):
        return knobs.ledger.with_name(f"{knobs.ledger.name}.audit")
    return counts_file(knobs).with_name("ledger.audit")
