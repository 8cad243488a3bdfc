"""Paths that the instances of a machine share: their counters, and the lock file of the audit."""

from pathlib import Path

from rinha.metrics.counts import SUFFIX
from rinha.settings import KNOBS, Settings


def counts_file(knobs: Settings) -> Path:
    """Returns the path of the counters: beside the socket, or by port beside the ledger."""
    if isinstance(knobs.listen, str):
        socket = Path(knobs.listen.removeprefix("unix:"))
        return socket.with_name(f"{socket.stem}{SUFFIX}")
    folder = Path(KNOBS["RINHA_LEDGER"].default).parent
    if isinstance(knobs.ledger, Path):
        folder = knobs.ledger.parent
    return folder / f"{knobs.listen[1]}{SUFFIX}"


def turn_file(knobs: Settings) -> Path:
    """Returns the lock file of the instance that audits: one for a file, one on each machine for
    servers."""
    if isinstance(knobs.ledger, Path):
        return knobs.ledger.with_name(f"{knobs.ledger.name}.audit")
    return counts_file(knobs).with_name("ledger.audit")
