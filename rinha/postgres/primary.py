"""The primary of a PostgreSQL cluster, or the one server that there is: asked, and made to prove
that it still is the primary.

A server that was frozen, cut off or forgotten by its cluster does not know that another one took
over, and would go on to answer from what was. Its commits give it away: the standby that confirms
them has left. So a transaction proves itself, and what only reads is believed once a commit after
it was confirmed. Where no standby is named, nobody can take over, and there is nothing to prove.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from psycopg import pq

from rinha.errors import (
    OutcomeUnknownError,
    StoreBusyError,
    StoreUnavailableError,
    StoreUnusableError,
)
from rinha.logs import tell
from rinha.postgres.hosts import Host, conninfo_of, hosts_of, name_of
from rinha.postgres.limits import (
    ALONE_MAX_S,
    ANSWER_MAX_S,
    CONNECT_MAX_S,
    LOCK_WAIT_S,
    LOSS_PATIENCE_S,
    REWRITE_MAX_S,
    START_MAX_S,
    TRIES_MAX,
)
from rinha.postgres.schema import Schema
from rinha.postgres.search import Search
from rinha.postgres.session import LostError, RefusedError, Row, Session, Statement
from rinha.postgres.shell import dump
from rinha.settings import ServerUrl
from rinha.store import Level, Meter

# Serialization failure and deadlock: what was asked was undone by the server, and may be again.
REPEATED = ("40001", "40P01")
LOCK_NOT_AVAILABLE = "55P03"
INTEGRITY_CLASS = "23"
# A warning that is not heard is a success that may be none.
SET_UP = f"""
    SET client_min_messages TO warning;
    SET default_transaction_isolation TO 'read committed';
    SET lock_timeout TO {int(LOCK_WAIT_S * 1000)};
    SELECT current_setting('server_version'), current_setting('server_encoding', true),
           current_setting('fsync', true), current_setting('synchronous_commit', true),
           current_setting('synchronous_standby_names', true)
"""
# What a server must be set to.
KEEPS: dict[str, tuple[str, ...]] = {
    "server_encoding": ("UTF8",),
    "fsync": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
}
PROOF = Statement(
    "proof",
    """
    SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
           THEN pg_logical_emit_message(true, 'rinha', '') END IS NOT NULL
    """,
)

SIZE = Statement("size", "SELECT pg_database_size(current_database())")


class Primary:
    """For one thread: one request, and one connection, at a time."""

    def __init__(self, url: ServerUrl, schema: Schema, *, create: bool = True) -> None:
        self._url = url
        self._schema = schema
        # Until when it is known that nobody can take over.
        self._alone_until = 0.0
        self._search = Search(hosts_of(url), self._meet)
        session = self._search.wait(START_MAX_S)
        try:
            if session is None:
                said = "; ".join(f"{host}: {text}" for host, text in self._search.said.items())
                raise self._search.verdict or StoreUnusableError(f"{url}: no primary: {said}")
            schema.make_if_needed(session, url, create=create)
        except (LostError, RefusedError, StoreUnusableError) as error:
            self.close()
            raise StoreUnusableError(str(error)) from None

    @property
    def facts(self) -> Mapping[str, object]:
        session = self._search.found
        return session.facts if session else {}

    @contextlib.contextmanager
    def serving(self, meter: Meter | None = None) -> Iterator[None]:
        self._search.tell_from_now_on(meter)
        if not self.facts.get("standbys"):
            tell(
                logging.WARNING,
                "no synchronous standby is named",
                meaning="what this server acknowledged is lost with its disk",
            )
        yield

    def levels(self) -> Iterator[Level]:
        ((size,),) = self._look(SIZE, ())
        yield Level("ledger_bytes", "Size of the database.", int(size or 0))

    def snapshot(self, target: Path) -> None:
        dump(self._url, target)

    def close(self) -> None:
        self._search.close()

    def write(self, statement: Statement, parameters: Sequence[bytes]) -> list[Row]:
        """One transaction of one statement."""
        return self._write(lambda session: session.ask(statement, parameters, ANSWER_MAX_S))

    def rewrite(self, *statements: str) -> None:
        """One transaction that may touch every row."""
        self._write(lambda session: session.run(";".join(statements), REWRITE_MAX_S))

    def _write(self, ask: Callable[[Session], list[Row]]) -> list[Row]:
        """Repeated only where the server says that it undid it."""
        for _ in range(TRIES_MAX):
            session = self._session()
            try:
                return ask(session)
            except LostError as lost:
                self._lose(session, lost)
                if lost.asked:
                    raise self._unknown() from lost
            except RefusedError as refused:
                if refused.sqlstate not in REPEATED:
                    raise self._trouble(refused) from refused
        raise StoreBusyError(
            f"the {self._schema.noun} was busy, nothing was written {TRIES_MAX} times: try again"
        )

    def read(self, statement: Statement, parameters: Sequence[bytes]) -> list[Row]:
        """One moment, that was still the newest one when this began."""
        rows = self._look(statement, parameters)
        self.prove()
        return rows

    def prove(self) -> None:
        """That what this server said until now was not yet history."""
        if time.monotonic() < self._alone_until:
            return
        session = self._session()
        if not session.can_prove:
            return
        ((is_proof,),) = self._look(PROOF, ())
        if is_proof != b"t":
            self._alone_until = time.monotonic() + ALONE_MAX_S

    def assert_readable(self, statement: Statement) -> None:
        self._look(statement, ())

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[[str], list[Row]]]:
        """Several statements on one snapshot, however long they take."""
        session = self._session()
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", None)
        try:
            yield partial(session.run, patience_s=None)
        finally:
            session.run("ROLLBACK", None)

    @contextlib.contextmanager
    def alone_with(self, tables: str) -> Iterator[pq.abc.PGconn]:
        """A bare connection in a transaction, beside which nobody else writes to these tables."""
        session = self._session()
        try:
            session.run(f"BEGIN; LOCK TABLE {tables} IN EXCLUSIVE MODE", None)
            try:
                yield session.pgconn
            except BaseException:
                session.run("ROLLBACK", None)
                raise
            session.run("COMMIT", None)
        except RefusedError as refused:
            raise self._trouble(refused) from refused
        except LostError as lost:
            self._lose(session, lost)
            raise self._unknown() from lost

    def problems(self) -> list[str]:
        """What is wrong with the tables, whatever they hold; without them no view is true."""
        return self._schema.problems(self._session())

    def _look(self, statement: Statement, parameters: Sequence[bytes]) -> list[Row]:
        while True:
            session = self._session()
            try:
                return session.ask(statement, parameters, ANSWER_MAX_S)
            except LostError as lost:
                self._lose(session, lost)
                if lost.asked:
                    raise self._nobody() from lost
            except RefusedError as refused:
                raise self._trouble(refused) from refused

    def _session(self) -> Session:
        session = self._search.found or self._search.wait(LOSS_PATIENCE_S)
        if session is None:
            raise self._nobody()
        return session

    def _lose(self, session: Session, lost: LostError) -> None:
        self._alone_until = 0.0
        self._search.drop(session, str(lost))

    def _unknown(self) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"the {self._schema.noun}'s server was lost before it answered, "
            "look at what is there before a retry"
        )

    def _nobody(self) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"no server answers for the {self._schema.noun} now, nothing was written: try again"
        )

    def _trouble(self, refused: RefusedError) -> Exception:
        if refused.sqlstate == LOCK_NOT_AVAILABLE:
            return StoreBusyError(
                f"the {self._schema.noun} was busy for {LOCK_WAIT_S:g} s, nothing was written: "
                "try again"
            )
        if refused.sqlstate.startswith(INTEGRITY_CLASS):
            # A broken constraint is a mistake of ours.
            return refused
        return StoreUnavailableError(
            f"the {self._schema.noun}'s server refuses now, nothing was written: try again"
        )

    def _meet(self, host: Host) -> Session:
        """By the search: returns when this is the primary for sure, and not before."""
        session = Session(conninfo_of(host), CONNECT_MAX_S)
        try:
            ((version, encoding, fsync, commit, standbys),) = session.run(SET_UP, CONNECT_MAX_S)
            self._assert_keeps(name_of(host), encoding, fsync, commit)
            session.can_prove = standbys is not None
            session.facts = {
                "primary": name_of(host),
                "postgres": (version or b"").decode(),
                "standbys": (standbys or b"").decode(),
            }
            if session.can_prove:
                session.ask(PROOF, (), None)
        except BaseException:
            session.close()
            raise
        return session

    def _assert_keeps(self, host: str, *settings: bytes | None) -> None:
        """A server without such a setting is not PostgreSQL itself, and has no such danger."""
        for (name, values), setting in zip(KEEPS.items(), settings, strict=True):
            if setting is not None and setting.decode() not in values:
                raise StoreUnusableError(
                    f"{host}: {name} is {setting.decode()}, and must be {' or '.join(values)}: "
                    f"what the {self._schema.noun} acknowledged could be lost"
                )
