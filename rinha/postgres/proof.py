"""Proof that a server still is the primary, and that its settings make commits durable.

A server that was frozen, cut off or replaced does not know of the new primary, and would answer
with old data. But its commits stay unconfirmed, as the standby has left it. PROOF is such a commit.
STATE reads the settings after it: a reload of the settings can end the wait for the standby, and
the server then reports an unconfirmed commit as done.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rinha.errors import StoreUnusableError
from rinha.logs import log_event
from rinha.postgres.limits import ALONE_MAX_S, CONNECT_MAX_S, LOCK_WAIT_S
from rinha.postgres.session import LostError, RefusedError, Row, Session, Standing, Statement

# Settings that a reload can change while a connection is open.
RELOADABLE = ("fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")
READ_STATE = ", ".join(f"current_setting('{name}', true)" for name in RELOADABLE)
STATE = Statement("state", f"SELECT {READ_STATE}")
PROOF = Statement(
    "proof",
    """
    SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
           THEN pg_logical_emit_message(true, 'rinha', '') END
    """,
)
NO_PROOF: list[Row] = [(None,)]
# Each request, and each check of a foreign key, looks rows up by their keys, in the order of an
# index. A plan is kept: without these settings one made while the server's statistics count five
# clients, or few transactions of each, would read all of a million.
READ_BY_KEY, READ_ALL = (
    ";".join(
        f"{command} enable_{plan} TO {value}"
        for plan in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")
    )
    for command, value in (("SET", "off"), ("SET LOCAL", "on"))
)
# An audit may take minutes. Without this the server would go on after its client was killed. It
# cannot on every system.
END_WITH_CLIENT = """
    SELECT set_config(name, '1000', true) FROM pg_settings
    WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%'
"""
BEGIN_READING = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {READ_ALL}; {END_WITH_CLIENT}"
# Requests have timeouts of their own. An audit or a move takes as long as it needs, and a session
# is idle while the other side of a move is read.
NO_TIMEOUTS = """
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN (
        'statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
        'transaction_timeout' -- since PostgreSQL 17
    )
"""
# Warnings are needed: a commit that no standby confirmed returns success with a warning.
SET_UP = f"""
    SET client_min_messages TO warning;
    SET default_transaction_isolation TO 'read committed';
    SET lock_timeout TO {int(LOCK_WAIT_S * 1000)};
    {READ_BY_KEY};
    SET jit TO off;
    {NO_TIMEOUTS};
    SELECT current_setting('server_version'), current_setting('server_encoding', true), {READ_STATE}
"""
# Set for the session, so that a reload of the server's settings does not change it.
PIN = "SET synchronous_commit TO {}"
# Each promotion begins a new timeline, whose number only grows. The name of a WAL file begins with
# its eight digits.
READ_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)"
ENCODINGS = ("UTF8",)
MUST_BE: dict[str, tuple[str, ...]] = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
}

GAVE_UP = (
    "no synchronous standby is named any more: name one, or restart the instances to go on "
    "with a single copy"
)
REPLACED = "another server was promoted since"
WAITS = "waits for its synchronous standby to confirm a commit, the proof that it is the primary"


class State(NamedTuple):
    """Settings of a server. None stands for a setting that the server does not have, as it is not
    PostgreSQL; it has no such risk."""

    fsync: str | None
    full_page_writes: str | None
    synchronous_commit: str | None
    standbys: str | None

    def fault(self) -> str | None:
        """Returns what is wrong with a setting that could lose what the server acknowledges, or
        None."""
        for (name, values), value in zip(MUST_BE.items(), self, strict=False):
            if value is not None and value not in values:
                return fault(name, value, values)
        return None


def state_of(row: Row) -> State:
    return State(*[None if value is None else value.decode() for value in row])


def fault(name: str, value: str, values: tuple[str, ...]) -> str:
    return (
        f"{name} is {value}, and must be {' or '.join(values)}: "
        "what the server acknowledges could be lost"
    )


def _assert_not_below(highest: Standing, standing: Standing) -> None:
    if standing < highest:
        raise LostError(GAVE_UP if standing.timeline == highest.timeline else REPLACED, asked=True)


class Proof:
    """Asks servers for the proof, and records the highest standing seen."""

    def __init__(self) -> None:
        self._highest = Standing()
        # Until this time the last check is valid that the server names no standby.
        self._alone_until = 0.0
        self._is_serving = False

    def meet(self, session: Session, name: str, note: Callable[[str], object]) -> None:
        """Sets up a new connection, and returns once it is proved to lead to the primary. Notes
        what the proof waits for."""
        ((version, encoding, *state),) = session.run(SET_UP, CONNECT_MAX_S)
        if encoding is not None and encoding.decode() not in ENCODINGS:
            problem = fault("server_encoding", encoding.decode(), ENCODINGS)
            raise StoreUnusableError(f"{name}: {problem}")
        session.state = tuple(state)
        found = state_of(session.state)
        if wrong := found.fault():
            raise StoreUnusableError(f"{name}: {wrong}")
        session.info = {
            "primary": name,
            "postgres": (version or b"").decode(),
            "standbys": found.standbys or "",
        }
        if found.standbys is None:
            return
        session.can_prove = True
        session.run(PIN.format(found.synchronous_commit), CONNECT_MAX_S)
        ((timeline,),) = session.run(READ_TIMELINE, CONNECT_MAX_S)
        session.standing = Standing((timeline or b"").decode(), bool(found.standbys))
        _assert_not_below(self._highest, session.standing)
        if session.standing.has_standbys:
            note(WAITS)
        self._judge(session, session.ask(PROOF, (), None, STATE))

    def take(self, session: Session) -> None:
        """Records the standing of the server that requests use from now on."""
        self._alone_until = 0.0
        self._highest = max(self._highest, session.standing)
        self._warn_without_standby(session)

    def tell_from_now_on(self, session: Session | None) -> None:
        self._is_serving = True
        if session:
            self._warn_without_standby(session)

    def behind_a_read(self, session: Session) -> Sequence[Statement]:
        """Returns statements that prove what was read before them on the same connection."""
        return () if self._is_alone(session) else (PROOF, STATE)

    def behind_a_write(self, session: Session) -> Sequence[Statement]:
        """Returns statements that show that a commit before them was confirmed."""
        return () if self._is_alone(session) else (STATE,)

    def judge(self, session: Session, looked: Sequence[list[Row]]) -> None:
        """Checks the answers of the statements behind another one. Raises LostError if the server
        may lose what it acknowledges, or may have been replaced."""
        if looked:
            self._judge(session, looked)
            self._highest = max(self._highest, session.standing)
            if not session.standing.has_standbys:
                self._alone_until = time.monotonic() + ALONE_MAX_S

    def prove(self, session: Session, timeout_s: float) -> None:
        """Raises LostError unless all rows that this connection has read were current."""
        if not self._is_alone(session):
            self.judge(session, session.ask(PROOF, (), timeout_s, STATE))

    def confirm(self, session: Session, timeout_s: float) -> None:
        """Proves a commit that is done. After an error its outcome is unknown."""
        if not session.can_prove:
            return
        try:
            self.judge(session, session.ask(PROOF, (), timeout_s, STATE))
        except (LostError, RefusedError) as error:
            raise LostError(str(error), asked=True) from error

    def _is_alone(self, session: Session) -> bool:
        """Returns True if the server has no standby that could have replaced it, by settings that
        were read less than ALONE_MAX_S ago."""
        if not session.can_prove:
            return True
        return not session.standing.has_standbys and time.monotonic() < self._alone_until

    def _judge(self, session: Session, looked: Sequence[list[Row]]) -> None:
        *proofs, (row,) = looked
        if session.standing.has_standbys and NO_PROOF in proofs:
            raise LostError(GAVE_UP, asked=True)
        if row == session.state:
            return
        state = state_of(row)
        if wrong := state.fault():
            raise LostError(wrong, asked=True)
        standing = session.standing._replace(has_standbys=bool(state.standbys))
        _assert_not_below(max(self._highest, session.standing), standing)
        session.state, session.standing = row, standing
        session.info["standbys"] = state.standbys

    def _warn_without_standby(self, session: Session) -> None:
        if self._is_serving and not session.standing.has_standbys:
            log_event(
                logging.WARNING,
                "no synchronous standby is named",
                meaning="what this server acknowledged is lost with its disk",
            )
