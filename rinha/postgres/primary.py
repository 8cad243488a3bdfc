"""Runs statements on the primary of a PostgreSQL cluster, or on a single server, and proves that it
still is the primary.

A transaction is its own proof: the standby confirms its commit. Rows that were only read are
returned once a later commit on the same connection was confirmed. A server that never named a
standby cannot be replaced by one, and has nothing to prove. A server that no longer names one is
dropped, until it names one again or another server is promoted.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from psycopg import pq

from rinha.address import ServerUrl
from rinha.errors import (
    RETRY,
    OutcomeUnknownError,
    SnapshotError,
    StoreBusyError,
    StoreUnavailableError,
    StoreUnusableError,
)
from rinha.postgres.hosts import Host, conninfo_of, hosts_of, name_of
from rinha.postgres.limits import (
    ANSWER_MAX_S,
    CONNECT_MAX_S,
    LOCK_WAIT_S,
    RECONNECT_TIMEOUT_S,
    REWRITE_MAX_S,
    REWRITE_STATEMENT_MAX_S,
    START_MAX_S,
    TRIES_MAX,
)
from rinha.postgres.proof import BEGIN_READING, Proof
from rinha.postgres.schema import Schema
from rinha.postgres.search import Search
from rinha.postgres.session import (
    LOCK_NOT_AVAILABLE,
    LostError,
    RefusedError,
    Row,
    Session,
    Statement,
)
from rinha.postgres.shell import dump
from rinha.store import Gauge, Meter

# Serialization failure and deadlock: the server rolled back, so the request can be repeated.
REPEATED = ("40001", "40P01")
INTEGRITY_CLASS = "23"
SIZE = Statement("size", "SELECT pg_database_size(current_database())")


class Primary:
    """Client of the primary for one thread: one request, and one connection, at a time."""

    def __init__(self, url: ServerUrl, schema: Schema, *, create: bool = True) -> None:
        self._url = url
        self._schema = schema
        self._proof = Proof()
        self._taken: Session | None = None
        self._search = Search(hosts_of(url), self._meet)
        session = self._search.wait(START_MAX_S)
        try:
            if session is None:
                reasons = self._search.reasons()
                raise self._search.verdict or StoreUnusableError(f"{url}: no primary: {reasons}")
            self._proof.take(session)
            self._taken = session
            self.version = schema.make_if_needed(session, url, create=create)
        except (LostError, RefusedError, StoreUnusableError) as error:
            self.close()
            raise StoreUnusableError(str(error)) from None

    @property
    def info(self) -> Mapping[str, object]:
        session = self._search.found
        return session.info if session else {}

    def group_requests(self) -> bool:
        """Each transaction is committed by itself: it waits for the server, not for the CPU."""
        return False

    @property
    def group(self) -> None:
        return None

    @contextlib.contextmanager
    def serving(self, meter: Meter | None = None) -> Iterator[None]:
        self._search.tell_from_now_on(meter)
        self._proof.tell_from_now_on(self._taken)
        yield

    def gauges(self) -> Iterator[Gauge]:
        ((size,),) = self.read(SIZE, ())
        yield Gauge("ledger_bytes", "Size of the database.", int(size or 0))

    def snapshot(self, target: Path) -> None:
        """Dumps the server of this connection, and keeps the dump if that still is the primary."""
        session = self._session()
        try:
            dump(
                conninfo_of(session.host), target, lambda: self._proof.prove(session, ANSWER_MAX_S)
            )
        except (LostError, RefusedError, OSError) as error:
            raise SnapshotError(f"{target}: no snapshot: the server was lost: {error}") from None

    def close(self) -> None:
        self._search.close()

    def write(
        self,
        statement: Statement,
        parameters: Sequence[bytes],
        has_written: Callable[[list[Row]], bool],
        repeated: Sequence[str] = REPEATED,
    ) -> list[Row]:
        """Runs one statement as a transaction. If it wrote nothing, its rows are proved like a
        read's. It is repeated after the errors in `repeated`."""

        def ask(session: Session, timeout_s: float) -> list[Row]:
            behind = self._proof.behind_a_write(session)
            rows, *looked = session.ask(statement, parameters, timeout_s, *behind)
            self._proof.judge(session, looked)
            return rows

        return self._write(ask, ANSWER_MAX_S, has_written, repeated)

    def rewrite(self, *statements: str) -> None:
        """Runs one transaction that may touch every row."""

        def ask(session: Session, timeout_s: float) -> list[Row]:
            limit = f"SET LOCAL statement_timeout TO {int(REWRITE_STATEMENT_MAX_S * 1000)}"
            rows = session.run(";".join((limit, *statements)), timeout_s)
            self._proof.confirm(session, ANSWER_MAX_S)
            return rows

        self._write(ask, REWRITE_MAX_S, lambda _rows: True)

    def _write(
        self,
        ask: Callable[[Session, float], list[Row]],
        timeout_s: float,
        has_written: Callable[[list[Row]], bool],
        repeated: Sequence[str] = REPEATED,
    ) -> list[Row]:
        """Runs a write, and repeats it only if it certainly wrote nothing."""
        until = time.monotonic() + timeout_s
        for _ in range(TRIES_MAX):
            session = self._session()
            try:
                rows = ask(session, until - time.monotonic())
            except LostError as lost:
                self._lose(session, lost)
                if lost.asked:
                    raise self._unknown() from lost
                continue
            except RefusedError as refused:
                if refused.sqlstate not in repeated:
                    raise self._error_of(refused) from refused
                continue
            if has_written(rows) or self._is_proved(session, until):
                return rows
        raise StoreBusyError(
            f"the {self._schema.noun} was busy, nothing was written {TRIES_MAX} times: try again"
        )

    def _is_proved(self, session: Session, until: float) -> bool:
        """Returns False if the server was lost before it proved that it is the primary."""
        try:
            self._proof.prove(session, until - time.monotonic())
        except LostError as lost:
            self._lose(session, lost)
            if time.monotonic() >= until:
                raise self._no_server() from lost
            return False
        except RefusedError as refused:
            raise self._error_of(refused) from refused
        return True

    def read(self, statement: Statement, parameters: Sequence[bytes]) -> list[Row]:
        """Returns rows that were current when this began, or later. The connection that returned
        the rows also proves them. If it is lost before that, they are read again on another one."""
        until = time.monotonic() + ANSWER_MAX_S
        while True:
            session = self._session()
            behind, left_s = self._proof.behind_a_read(session), until - time.monotonic()
            try:
                rows, *looked = session.ask(statement, parameters, left_s, *behind)
                self._proof.judge(session, looked)
            except LostError as lost:
                self._lose(session, lost)
                if time.monotonic() >= until:
                    raise self._no_server() from lost
            except RefusedError as refused:
                raise self._error_of(refused) from refused
            else:
                return rows

    def has_newest_version(self) -> bool:
        return self.version == self._schema.version

    def upgrade(self) -> None:
        """Does nothing: the tables are upgraded where they are opened."""

    def assert_newest_version(self) -> None:
        if not self.has_newest_version():
            raise StoreUnusableError(
                f"{self._url}: a {self._schema.noun} of version {self.version}: `rinha init` or a "
                "start upgrades it"
            )

    def assert_readable(self, statement: Statement) -> None:
        self.read(statement, ())

    @contextlib.contextmanager
    def reading(self) -> Iterator[tuple[list[str], Callable[[str], list[Row]]]]:
        """Yields the problems of the tables, and a function that runs statements on one snapshot
        without a timeout. They read whole tables. All of it is proved at the end."""
        session = self._session()
        problems = self._schema.problems(session, self.version)
        session.run(BEGIN_READING, None)
        try:
            yield problems, partial(session.run, timeout_s=None)
        finally:
            session.roll_back()
        self._proof.prove(session, ANSWER_MAX_S)

    @contextlib.contextmanager
    def alone_with(self, tables: str) -> Iterator[pq.abc.PGconn]:
        """Yields a libpq connection in a transaction that keeps other writers from these tables."""
        session = self._session()
        try:
            session.run(f"BEGIN; LOCK TABLE {tables} IN EXCLUSIVE MODE", None)
            try:
                yield session.pgconn
            except BaseException:
                session.roll_back()
                raise
            session.run("COMMIT", None)
            self._proof.confirm(session, ANSWER_MAX_S)
        except RefusedError as refused:
            raise self._error_of(refused) from refused
        except LostError as lost:
            self._lose(session, lost)
            raise self._unknown() from lost

    def _session(self) -> Session:
        session = self._search.found or self._search.wait(RECONNECT_TIMEOUT_S)
        if session is None:
            # For the log.
            raise self._no_server() from LostError(self._search.reasons(), asked=False)
        if session is not self._taken:
            self._proof.take(session)
            self._taken = session
        return session

    def _lose(self, session: Session, lost: LostError) -> None:
        self._search.drop(session, str(lost))

    def _unknown(self) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"the {self._schema.noun}'s server was lost before it answered, "
            f"the transaction may have been written: {RETRY}"
        )

    def _no_server(self) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"no server answers for the {self._schema.noun} now, nothing was written: try again"
        )

    def _error_of(self, refused: RefusedError) -> Exception:
        if refused.sqlstate == LOCK_NOT_AVAILABLE:
            return StoreBusyError(
                f"the {self._schema.noun} was busy for {LOCK_WAIT_S:g} s, nothing was written: "
                "try again"
            )
        if refused.sqlstate.startswith(INTEGRITY_CLASS):
            # A broken constraint is a bug of this program.
            return refused
        return StoreUnavailableError(
            f"the {self._schema.noun}'s server refuses now, nothing was written: try again"
        )

    def _meet(self, host: Host, note: Callable[[str], object]) -> Session:
        """Connects to a host for the search. Returns once the host has proved that it is the
        primary."""
        session = Session(conninfo_of(host), CONNECT_MAX_S)
        session.host = host
        try:
            self._proof.meet(session, name_of(host), note)
        except BaseException:
            session.close()
            raise
        return session
