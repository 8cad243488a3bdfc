"""Copies a ledger from one engine to another.

The rows are added in one transaction of the target and read back before its commit. Both sides are
audited, and the move fails unless they are equal.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from itertools import islice

from rinha.bodies import encode
from rinha.errors import MoveError
from rinha.settings import MOVE_PROGRESS_EVERY_S
from rinha.store import AdminStore, Content, Row, Table


def move(source: AdminStore, target: AdminStore, place: str, report: Callable[[str], None]) -> None:
    """Moves a ledger. No other process can write to either side while rows are copied.

    The last commit marks a file of the source as moved to `place`. Until then the source is the
    ledger, and a new move finishes a killed one."""
    source.content.begin_move()
    target.engine.upgrade()
    target.engine.assert_newest_version()
    report("auditing the source")
    before = source.audit()
    for audit, name in ((before, "FROM"), (target.audit(), "TO")):
        if audit.problems:
            raise MoveError(f"{name} is not sound, see `rinha check`: {audit.problems[0]}")
    old, new = source.content, target.content
    with old.transaction(), new.transaction():
        filled = [table for table in new.tables if table.starts_empty and new.count(table)]
        if not filled:
            for table in new.tables:
                _copy(old, new, table, report)
        elif not all(_is_equal(old, new, table) for table in new.tables):
            raise MoveError(f"TO is not empty: it has rows in {filled[0].name}")
    report("auditing both")
    if not before == source.audit() == target.audit():
        raise MoveError("FROM and TO differ: stop what writes to either, empty TO, and move again")
    with old.transaction():
        old.mark_moved(place)


def _is_equal(old: Content, new: Content, table: Table) -> bool:
    """Returns whether both hold the same rows, as after a move that was killed before the mark."""
    digests = [_Digest(), _Digest()]
    for digest, content in zip(digests, (old, new), strict=True):
        for _ in digest.of(content.rows(table)):
            pass
    return digests[0].text == digests[1].text


def _copy(old: Content, new: Content, table: Table, report: Callable[[str], None]) -> None:
    total, sent, read = old.count(table), _Digest(), _Digest()
    progress = _Progress(f"of {total:,} rows of {table.name}", report)
    new.fill(table, progress.of("copied", sent.of(old.rows(table))))
    for _ in progress.of("read back", read.of(new.rows(table))):
        pass
    if (read.count, read.text) != (sent.count, sent.text) or read.count != total:
        raise MoveError(f"the rows of {table.name} read back from TO differ: nothing was written")


class _Digest:
    """Hash and count of the rows that pass through `of`."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b()
        self.count = 0

    @property
    def text(self) -> str:
        return self._hash.hexdigest()

    def of(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self._hash.update(encode(row))
            self.count += 1
            yield row


class _Progress:
    def __init__(self, what: str, report: Callable[[str], None]) -> None:
        self._what = what
        self._report = report

    def of(self, doing: str, rows: Iterator[Row]) -> Iterator[Row]:
        count, reported_at = 0, time.monotonic()
        # The clock is read once a batch, as to read it takes as long as a row.
        while batch := list(islice(rows, 1000)):
            yield from batch
            count += len(batch)
            if time.monotonic() - reported_at > MOVE_PROGRESS_EVERY_S:
                reported_at = time.monotonic()
                self._report(f"{doing} {count:,} {self._what}")
        self._report(f"{doing} {count:,} {self._what}")
