"""Paths that the instances of a machine share: their counters, and the lock file of the audit."""

from pathlib import Path

from rinha.metrics.counts import SUFFIX
from rinha.settings import SETTINGS, Settings


def counts_file(settings: Settings) -> Path:
    """Returns the path of the counters: beside the socket, or by port beside the ledger."""
    if isinstance(settings.listen, str):
        socket = Path(settings.listen.removeprefix("unix:"))
        return socket.with_name(f"{socket.stem}{SUFFIX}")
    folder = Path(SETTINGS["RINHA_LEDGER"].default).parent
    if isinstance(settings.ledger, Path):
        folder = settings.ledger.parent
    return folder / f"{settings.listen[1]}{SUFFIX}"


def audit_lock_file(settings: Settings) -> Path:
    """Returns the lock file of the instance that audits: one for a file, one on each machine for
    servers."""
    if isinstance(settings.ledger, Path):
        return settings.ledger.with_name(f"{settings.ledger.name}.audit")
    return counts_file(settings).with_name("ledger.audit")
