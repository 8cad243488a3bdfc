"""A server that was replaced or reconfigured answers and acknowledges nothing, on any path."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rinha.crebitos.ledger import TABLES, LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Extrato, Transacao
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.crebitos.overview import Overview
from rinha.errors import SnapshotError, StoreUnavailableError
from rinha.postgres import primary
from rinha.postgres.limits import ANSWER_MAX_S, START_MAX_S
from tests.help.breaking_proxy import BreakingProxy
from tests.help.postgres import STANDBY, Server
from tests.help.postgres_pair import WAITS, Pair, eventually, opened, paired, servers, take_over

CREDIT, TOO_MUCH = Transacao(100, "c", "abc"), Transacao(100_001, "d", "abc")
NAMES = "synchronous_standby_names"
OURS = "FROM pg_stat_activity WHERE usename = 'rinha'"
Act = Callable[[PostgresLedger], object]


def move(ledger: PostgresLedger) -> object:
    with ledger.content.transaction():
        return [list(ledger.content.rows(table)) for table in TABLES]


def audit(ledger: PostgresLedger) -> object:
    found = ledger.audit()
    if found.problems:
        raise StoreUnavailableError(found.problems[0])
    return found


def snapshot(ledger: PostgresLedger) -> object:
    target = Path(str(ledger.engine.info["primary"]).rpartition(":")[0]).parent / "snapshot"
    try:
        ledger.engine.snapshot(target)
    finally:
        copied = target.exists()
        target.unlink(missing_ok=True)
    return f"copied: {copied}"


READS: dict[str, Act] = {
    "statement": lambda ledger: ledger.extrato(1),
    "statement of nobody": lambda ledger: ledger.extrato(6),
    "refusal": lambda ledger: ledger.transact(1, TOO_MUCH),
    "transaction of nobody": lambda ledger: ledger.transact(6, CREDIT),
    "key of nobody": lambda ledger: ledger.transact_once(6, CREDIT, "k"),
    "health": lambda ledger: ledger.assert_readable(),
    "overview": lambda ledger: ledger.overview(),
    "metrics": lambda ledger: list(ledger.gauges()),
}
WRITES: dict[str, Act] = {
    "transaction": lambda ledger: ledger.transact(1, CREDIT),
    "transaction with a key": lambda ledger: ledger.transact_once(1, CREDIT, "k"),
    "reset": lambda ledger: ledger.reset(),
}
LONG_READS: dict[str, Act] = {"audit": audit, "move": move, "snapshot": snapshot}
PATHS = READS | WRITES | LONG_READS
# Paths that can wait at once, as none holds a lock that another one needs.
WAITING = [path for path in (*READS, "transaction") if path != "health"]
CHANGES = [
    ("work_mem", "8MB", "4MB"),  # a reload without a change that matters
    ("synchronous_commit", "off", "on"),
    ("synchronous_commit", "local", "on"),
    (NAMES, "", STANDBY),
    ("fsync", "off", "on"),
    ("full_page_writes", "off", "on"),
]


def outcome(act: Act, ledger: PostgresLedger) -> object:
    """Returns the answer or the refusal; None if there was neither."""
    try:
        return act(ledger) or "done"
    except (StoreUnavailableError, SnapshotError):
        return None
    except (LimiteExceededError, UnknownClienteError) as error:
        return error


def outcomes(acts: Sequence[str], ledgers: Mapping[str, PostgresLedger]) -> dict[str, object]:
    """Takes all these paths at once, each on its own instance; returns their outcomes."""
    with ThreadPoolExecutor(len(acts)) as pool:
        tasks = {path: pool.submit(outcome, PATHS[path], ledgers[path]) for path in acts}
        return {path: task.result() for path, task in tasks.items()}


class Replaced:
    """A primary that runs on after its standby was promoted. Instances have been connected to it
    since before: for each change of the settings one for each path."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.server, standby = stack.enter_context(servers())
        shared = self.server.new_name()
        # Own databases, as commits that wait for the standby keep their locks.
        own = {path: self.server.new_name() for path in (*WRITES, "move")}
        self._ledgers = [
            {
                path: stack.enter_context(opened(self.server.address(own.get(path, shared))))
                for path in PATHS
            }
            for _ in CHANGES
        ]
        standby.promote()

    def outcomes(self) -> dict[str, object]:
        ledgers = self._ledgers.pop()
        found = outcomes(list(PATHS), ledgers)
        for ledger in ledgers.values():
            ledger.close()
        # A search for the primary that is under way may begin to wait a moment later.
        self.server.wait_for(f"SELECT count(pg_terminate_backend(pid)) = 0 {WAITS}")
        return found


@contextlib.contextmanager
def changed(server: Server, name: str, value: str, usual: str) -> Iterator[None]:
    server.set(name, value)
    try:
        yield
    finally:
        server.set(name, usual)


@pytest.fixture(scope="module")
def replaced() -> Iterator[Replaced]:
    with contextlib.ExitStack() as stack:
        yield Replaced(stack)


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Server, Server]]:
    with servers() as found:
        yield found


@pytest.fixture
def shared(both: tuple[Server, Server]) -> Iterator[Pair]:
    """A pair for tests that leave the servers unchanged."""
    with paired(*both) as found:
        yield found


@pytest.mark.starts
@pytest.mark.parametrize(("name", "value", "usual"), CHANGES)
def test_a_replaced_primary_says_nothing(
    replaced: Replaced, monkeypatch: pytest.MonkeyPatch, name: str, value: str, usual: str
) -> None:
    """A replaced primary answers and acknowledges nothing, after any reload of its settings."""
    monkeypatch.setattr(primary, "REWRITE_MAX_S", ANSWER_MAX_S)
    with changed(replaced.server, name, value, usual):
        assert replaced.outcomes() == dict.fromkeys(PATHS)


@pytest.mark.parametrize("acts", [WAITING, ["reset"]], ids=["all", "reset"])
def test_a_reload_that_ends_the_wait_for_the_standby_is_no_success(
    shared: Pair, acts: list[str]
) -> None:
    """A commit that a reload releases is no success; the server sends no warning with it."""
    with contextlib.ExitStack() as stack:
        ledgers = {path: stack.enter_context(opened(shared.address)) for path in acts}
        shared.standby.freeze()

        def release() -> None:
            shared.primary.wait_for(f"SELECT count(*) = {len(acts)} {WAITS}")
            shared.primary.set(NAMES, "")

        beside = threading.Thread(target=release)
        beside.start()
        found = outcomes(acts, ledgers)
        beside.join()
        shared.standby.thaw()
        shared.primary.set(NAMES, STANDBY)
        assert found == dict.fromkeys(acts)


@pytest.mark.parametrize(("name", "value", "usual"), CHANGES[4:])
def test_a_reload_that_could_lose_transactions_stops_them(
    shared: Pair, name: str, value: str, usual: str
) -> None:
    """While this setting is off nothing is acknowledged; then service resumes by itself."""
    shared.ledger.transact(1, CREDIT)
    with changed(shared.primary, name, value, usual):
        assert outcome(PATHS["transaction"], shared.ledger) is None
        assert outcome(PATHS["statement"], shared.ledger) is None
    assert eventually(lambda: shared.ledger.extrato(1)).saldo.total == 200


def test_synchronous_commit_is_kept_by_those_who_are_connected(shared: Pair) -> None:
    """Turning synchronous_commit off changes no open connection, and new ones are refused."""
    with changed(shared.primary, "synchronous_commit", "off", "on"):
        shared.ledger.transact(1, CREDIT)
        shared.standby.freeze()
        found = outcome(PATHS["transaction"], shared.ledger)
        shared.standby.thaw()
        assert found is None
        assert outcome(PATHS["statement"], shared.ledger) is None
    assert eventually(lambda: shared.ledger.extrato(1)).saldo.total == 200


def test_standbys_that_are_named_no_more_stop_the_service_and_are_told(
    shared: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """If no standby is named any more the service stops and logs the reason."""
    with shared.ledger.engine.serving():
        shared.primary.set(NAMES, "")
        assert outcome(PATHS["statement"], shared.ledger) is None
        assert "no synchronous standby is named any more" in str(caplog.records[-1].__dict__)
        assert outcome(PATHS["transaction"], shared.ledger) is None
        shared.primary.set(NAMES, STANDBY)
        eventually(lambda: shared.ledger.transact(1, CREDIT))


def test_standbys_that_were_named_since_the_start_count_too(shared: Pair) -> None:
    """An instance that started without a standby stops too, if one was named and is named no more.
    This also holds on a new connection."""
    with contextlib.ExitStack() as stack:
        shared.primary.set(NAMES, "")
        stack.callback(shared.primary.set, NAMES, STANDBY)
        ledger = stack.enter_context(opened(shared.address))
        assert outcome(PATHS["statement"], ledger)
        shared.primary.set(NAMES, STANDBY)
        deadline = time.monotonic() + START_MAX_S
        while ledger.engine.info["standbys"] != STANDBY:
            assert time.monotonic() < deadline
            assert outcome(PATHS["statement"], ledger)
        shared.primary.set(NAMES, "")
        shared.primary.query(f"SELECT pg_terminate_backend(pid) {OURS}")
        shared.primary.wait_for(f"SELECT count(*) = 0 {OURS} AND state = 'idle'")
        assert outcome(PATHS["statement"], ledger) is None
        assert outcome(PATHS["transaction"], ledger) is None


def test_of_two_primaries_without_standbys_the_newer_one_is_taken(pair: Pair) -> None:
    """An instance that knows a newer timeline, by a promotion, never uses an older one."""
    pair.ledger.transact(1, CREDIT)
    take_over(pair)
    pair.primary.set(NAMES, "")
    promoted = pair.on_the_new()
    balance = promoted.transact(1, CREDIT).saldo
    for _ in range(5):
        assert eventually(lambda: pair.ledger.extrato(1)).saldo.total == balance
        for server in (pair.primary, pair.standby):
            server.query(f"SELECT pg_terminate_backend(pid) {OURS}")
    promoted.close()


def told(found: object) -> object:
    """Returns the part of an answer that shows client 1's balance or that client 6 exists."""
    if isinstance(found, Exception):
        return type(found)
    if isinstance(found, Extrato):
        return found.saldo.total
    if isinstance(found, Overview):
        return found.clientes
    if isinstance(found, list):
        return [level for level in found if level.name == "disponivel"]
    return found


# Answers of the server before the proof, where there is more than one.
ANSWERS = {"metrics": 2, "audit": 10}


def test_rows_are_proved_by_the_connection_that_they_came_from(pair: Pair) -> None:
    """Rows of a replaced primary that is lost after its answer are not proved by the promoted
    server, although the instance finds that at once."""
    paths = [path for path in (*READS, "audit") if path != "health"]
    before, cuts, ledgers = {}, {}, {}
    with contextlib.ExitStack() as stack:
        for path in paths:
            cuts[path] = BreakingProxy(pair.primary)
            stack.callback(cuts[path].close)
            hosts = f"host={cuts[path].folder},{pair.standby.data}"
            ports = f"port={pair.primary.port},{pair.standby.port}"
            ledger = opened(f"postgresql://rinha@/{pair.name}?{hosts}&{ports}")
            ledgers[path] = stack.enter_context(ledger)
            before[path] = outcome(PATHS[path], ledgers[path])
            assert before[path]
        take_over(pair)
        pair.standby.query("INSERT INTO clientes VALUES (6, 100000, 0, 0)", pair.name)
        promoted = stack.enter_context(contextlib.closing(pair.on_the_new()))
        promoted.transact(1, Transacao(500_000, "c", "abc"))
        for path in paths:
            cuts[path].behind(ANSWERS.get(path, 1))
            found = outcome(PATHS[path], ledgers[path])
            assert cuts[path].has_cut or found is None, path
            assert told(found) != told(before[path]), path
