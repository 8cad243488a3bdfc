"""One connection to one server, with timeouts; a timeout closes it.

A query that takes too long is never cancelled: a commit that waits for its standby would be
reported as done, and be lost in a failover. The server reports that with a warning, so a warning
closes the connection too.
"""

import contextlib
import select
import time
from collections.abc import Sequence
from typing import NamedTuple

from psycopg import Error, pq

from rinha.postgres.hosts import Host

Row = tuple[bytes | None, ...]
INTEGER, TEXT = 20, 25
LOCK_NOT_AVAILABLE = "55P03"
POLL_FOR = {
    int(pq.PollingStatus.READING): select.POLLIN,
    int(pq.PollingStatus.WRITING): select.POLLOUT,
}


class LostError(Exception):
    """The connection is lost. If `asked` is True, the outcome of the request is unknown."""

    def __init__(self, reason: str, *, asked: bool) -> None:
        super().__init__(reason)
        self.asked = asked


class RefusedError(Exception):
    """The server refused a statement, and changed nothing."""

    def __init__(self, sqlstate: str, reason: str) -> None:
        super().__init__(f"{sqlstate} {reason}")
        self.sqlstate = sqlstate


class Statement(NamedTuple):
    """Statement that is prepared once on each connection: its name, SQL and parameter types."""

    name: str
    sql: str
    kinds: tuple[int, ...] = ()


class Standing(NamedTuple):
    """Rank of a server among those that call themselves the primary: a lower one was replaced, or
    gave up its standbys."""

    timeline: str = ""
    has_standbys: bool = False


class Session:
    def __init__(self, conninfo: str, connect_max_s: float) -> None:
        self._until: float | None = time.monotonic() + connect_max_s
        self._asked = False
        self._warning: str | None = None
        self._prepared: set[str] = set()
        # Set after the connection is made: what is known of the server.
        self.host: Host = {}
        self.info: dict[str, object] = {}
        self.state: Row = ()
        self.standing = Standing()
        self.can_prove = False
        self._poll = select.poll()
        self.pgconn = pq.PGconn.connect_start(conninfo.encode())
        self.pgconn.notice_handler = self._on_notice
        try:
            self._connect()
        except Error as error:
            raise self._lost(str(error)) from None
        self.pgconn.nonblocking = 1
        self._poll.register(self.pgconn.socket, select.POLLIN)

    def _connect(self) -> None:
        state = int(pq.PollingStatus.WRITING)
        while state != pq.PollingStatus.OK:
            if state == pq.PollingStatus.FAILED or self.pgconn.status == pq.ConnStatus.BAD:
                raise self._lost(self.pgconn.get_error_message())
            # Each address has a socket of its own.
            socket = self.pgconn.socket
            self._poll.register(socket, POLL_FOR[state])
            self._wait()
            self._poll.unregister(socket)
            state = self.pgconn.connect_poll()

    def close(self) -> None:
        self.pgconn.finish()

    def ask(
        self,
        statement: Statement,
        parameters: Sequence[bytes],
        timeout_s: float | None,
        *behind: Statement,
    ) -> list[list[Row]]:
        """Runs each statement as a transaction of its own, all in one round trip.
        Returns the rows of each. A timeout of None waits as long as the connection lives."""
        asked = [(statement, parameters), *((each, ()) for each in behind)]
        for each, _ in asked:
            if each.name not in self._prepared:
                self._prepare(each, timeout_s)
        self._begin(timeout_s)
        pgconn = self.pgconn
        try:
            if not behind:
                pgconn.send_query_prepared(statement.name.encode(), parameters)
                return [self._answer()]
            pgconn.enter_pipeline_mode()
            for each, values in asked:
                pgconn.send_query_prepared(each.name.encode(), values)
                pgconn.pipeline_sync()
            return self._answers(len(asked))
        except Error as error:
            raise self._lost(str(error)) from None

    def run(self, sql: str, timeout_s: float | None) -> list[Row]:
        """Runs statements in one transaction, or in those that they begin themselves. Returns the
        last one's rows."""
        self._begin(timeout_s)
        try:
            self.pgconn.send_query(sql.encode())
            return self._answer()
        except Error as error:
            raise self._lost(str(error)) from None

    def roll_back(self) -> None:
        """Undoes a transaction. If a query is not finished, it closes the connection instead, and
        the server does the same."""
        with contextlib.suppress(LostError):
            self.run("ROLLBACK", None)

    def _prepare(self, statement: Statement, timeout_s: float | None) -> None:
        self._begin(timeout_s)
        # Preparing writes nothing, so no outcome is unknown.
        self._asked = False
        try:
            self.pgconn.send_prepare(
                statement.name.encode(), statement.sql.encode(), statement.kinds
            )
            self._answer()
        except Error as error:
            raise self._lost(str(error)) from None
        self._prepared.add(statement.name)

    def _begin(self, timeout_s: float | None) -> None:
        """Starts the timeout, and notices a connection that the server has closed before anything
        was asked on it."""
        self._asked, self._warning = False, None
        while self._poll.poll(0):
            try:
                self.pgconn.consume_input()
                self.pgconn.is_busy()  # calls the notice handler
            except Error as error:
                raise self._lost(str(error)) from None
            if self._warning is not None or self.pgconn.status == pq.ConnStatus.BAD:
                raise self._lost(self._warning or self.pgconn.get_error_message())
        self._asked = True
        self._until = time.monotonic() + timeout_s if timeout_s is not None else None

    def _answer(self) -> list[Row]:
        """Returns the rows of the last statement that was sent."""
        self._flush()
        last, failed = self._results()
        self._assert_sound(failed)
        return [] if last is None else _rows(last)

    def _answers(self, count: int) -> list[list[Row]]:
        """Returns the rows of `count` statements in a pipeline, each of which ends with a sync."""
        self._flush()
        results = []
        for _ in range(count):
            results.append(self._results())
            self._next_result()  # the sync
        (_, refused), *behind = results
        self._assert_sound(None)
        self.pgconn.exit_pipeline_mode()
        if refused is not None:
            raise _refused(refused)
        for _, failed in behind:
            # The first statement may be committed: this is no refusal.
            if failed is not None:
                raise self._lost(str(_refused(failed)))
        return [[] if last is None else _rows(last) for last, _ in results]

    def _flush(self) -> None:
        """Sends the rest of a request that was longer than the socket's buffer."""
        if not self.pgconn.flush():
            return
        self._poll.modify(self.pgconn.socket, select.POLLIN | select.POLLOUT)
        while self.pgconn.flush():
            self._wait()
            self.pgconn.consume_input()
        self._poll.modify(self.pgconn.socket, select.POLLIN)

    def _results(self) -> tuple[pq.abc.PGresult | None, pq.abc.PGresult | None]:
        """Returns the last result up to the end of a statement, and the last that failed."""
        last = failed = None
        while (result := self._next_result()) is not None:
            last = result
            if result.status == pq.ExecStatus.FATAL_ERROR:
                failed = result
        return last, failed

    def _next_result(self) -> pq.abc.PGresult | None:
        while self.pgconn.is_busy():
            self._wait()
            self.pgconn.consume_input()
        return self.pgconn.get_result()

    def _assert_sound(self, failed: pq.abc.PGresult | None) -> None:
        if self.pgconn.status == pq.ConnStatus.BAD:
            raise self._lost(self.pgconn.get_error_message())
        if failed is not None:
            raise _refused(failed)
        if self._warning is not None:
            raise self._lost(self._warning)

    def _wait(self) -> None:
        timeout_ms = None
        if self._until is not None:
            timeout_ms = max(0.0, (self._until - time.monotonic()) * 1000)
        if not self._poll.poll(timeout_ms):
            raise self._lost("no answer in time")

    def _lost(self, reason: str) -> LostError:
        with contextlib.suppress(Error):
            self.pgconn.finish()
        return LostError(" ".join(reason.split()), asked=self._asked)

    def _on_notice(self, notice: pq.abc.PGresult) -> None:
        # A server that closes an idle session sends such a notice too.
        if notice.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) in (b"WARNING", b"FATAL"):
            text = notice.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"a warning"
            self._warning = text.decode(errors="replace")


def _refused(result: pq.abc.PGresult) -> RefusedError:
    sqlstate, reason = (
        (result.error_field(field) or b"").decode(errors="replace")
        for field in (pq.DiagnosticField.SQLSTATE, pq.DiagnosticField.MESSAGE_PRIMARY)
    )
    return RefusedError(sqlstate, reason)


def _rows(result: pq.abc.PGresult) -> list[Row]:
    value, columns = result.get_value, range(result.nfields)
    return [tuple([value(row, column) for column in columns]) for row in range(result.ntuples)]
