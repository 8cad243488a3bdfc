"""Metrics of a running stack: complete to the request, and for operators only."""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NewLedger
from tests.help.cluster import wait
from tests.help.effort import drawn_seed
from tests.help.postgres import Server
from tests.help.running import ANSWER_MAX_S, Client, Stack
from tests.help.transaction_load import TransactionLoad
from tests.loadtest.command import loadtest

TRANSACOES, EXTRATO = (f"/clientes/{{cliente}}/{name}" for name in ("transacoes", "extrato"))
OPERATOR = {"X-Operator": "on"}


@pytest.fixture
def watched(tmp_path: Path, new_ledger: NewLedger) -> Iterator[Stack]:
    with Stack(tmp_path, ledger=new_ledger(tmp_path), ops=True) as stack:
        yield stack


def operator(stack: Stack) -> Client:
    assert stack.ops_port
    return Client(stack.ops_port)


def requests_by(stack: Stack) -> Counter[tuple[str, str]]:
    """Returns the requests by route and status, summed over all instances."""
    found: Counter[tuple[str, str]] = Counter()
    for rows in operator(stack)("GET", "/state").json["counts"].values():
        for row in rows:
            if row[0] == "requests" and row[1] != "/health":
                found[row[1], row[2]] += row[3]
    return found


def test_sums_are_what_the_judge_counted(watched: Stack, tmp_path: Path) -> None:
    """The sums over all instances equal what loadtest counted, by outcome."""
    report = tmp_path / "report.json"
    before = requests_by(watched)
    ran = loadtest(
        *("run", f"http://127.0.0.1:{watched.port}", "-c", "14", "-n", "3400", "--json", report)
    )
    assert ran.code == 0, ran.out
    counted: Counter[tuple[str, str]] = Counter()
    for outcome in json.loads(report.read_text())["load"]["times"]:
        route = EXTRATO if outcome["kind"] == "statements" else TRANSACOES
        counted[route, str(outcome["code"])] += outcome["count"]
    assert counted.total() == 3400
    after = requests_by(watched)
    # loadtest also sends one first request, and reads each client before and after.
    looks = 1 + 2 * 5
    assert after[EXTRATO, "200"] - before[EXTRATO, "200"] == counted[EXTRATO, "200"] + looks
    for status in ("200", "422"):
        assert after[TRANSACOES, status] - before[TRANSACOES, status] == counted[TRANSACOES, status]


def test_a_killed_instance_keeps_its_numbers(watched: Stack) -> None:
    """Counters survive kills under load: nothing is lost, and nothing is counted twice."""
    with TransactionLoad(watched.port, 340, drawn_seed()) as load:
        for name in ("api01", "api02", "api01"):
            time.sleep(0.4)
            watched.kill(name)
            watched.start_part(name)
            watched.wait_until_ready()
    answered = Counter(str(outcome.status) for outcome in load.outcomes)
    counted = requests_by(watched)
    # A request whose answer was lost with its instance may be counted or not.
    on_their_way = 3 * 16
    for status in ("200", "422"):
        assert 0 <= counted[TRANSACOES, status] - answered[status] <= on_their_way
    assert counted[TRANSACOES, "200"] > 0
    load.assert_explains_every_row(watched.ledger)


def test_an_instance_that_stands_still_is_seen(watched: Stack) -> None:
    """The heartbeat of a stopped instance grows old while that of the other does not."""
    watched.instances[1].send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + ANSWER_MAX_S
    while True:
        assert time.monotonic() < deadline, "both instances still say that they live"
        heartbeats = {
            name: next(row[-1] for row in rows if row[0] == "beat_time_seconds")
            for name, rows in operator(watched)("GET", "/state").json["counts"].items()
        }
        if heartbeats["api01"] - heartbeats["api02"] > 2_600_000:
            break
        time.sleep(0.2)
    assert operator(watched)("GET", "/health/api01").status == 200
    watched.instances[1].send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "path", ["/metrics", "/state", "/ops/metrics", "/ops/state", "/health/api01", "/index.html"]
)
def test_no_client_reaches_what_is_for_operators(watched: Stack, path: str) -> None:
    """Clients get 404 for the operator's paths, with any header."""
    for method in ("GET", "POST"):
        answer = watched.client()(method, path, headers=OPERATOR)
        assert answer.status == 404, answer
        assert b"rinha_" not in answer.body


def test_operators_do_not_reach_the_service(watched: Stack) -> None:
    """The operator's listener serves no transaction and no reset."""
    client = operator(watched)
    assert client("POST", "/reset").status in (403, 404, 405)
    assert client.transact(1, 1, "c").status in (403, 404, 405)
    assert watched.client().extrato(1)["saldo"]["total"] == 0


def test_what_is_kept_is_shown(watched: Stack) -> None:
    """The state shows each client's balance, the newest transactions in order, and gauges."""
    client = watched.client()
    for number in range(30):
        assert client.transact(1 + number % 2, 100 + number, "d", f"n\0␛{number}").status == 200
    told = operator(watched)("GET", "/state").json
    names = [f"n\0␛{number}" for number in range(29, 9, -1)]
    assert [row["descricao"] for row in told["tables"]["transacoes"]] == names
    first = {"cliente": 1, "nome": "", "limite": 100_000, "saldo": -1710, "fechado": False}
    assert told["tables"]["clientes"][0] == first
    gauges = {(name, *labels.values()): value for name, labels, value in told["gauges"]}
    assert gauges["disponivel", "1"] == 100_000 - 1710
    assert abs(gauges["newest_commit_time_seconds",] - time.time()) < ANSWER_MAX_S
    assert gauges["ledger_bytes",] > 0


def test_a_lost_primary_is_seen(tmp_path: Path) -> None:
    """The state shows searching instances and their reconnects, even while the primary is lost."""
    server = Server()
    try:
        with Stack(tmp_path, ledger=server.new_database(), ops=True) as stack:
            assert told_of(stack, "searching") == told_of(stack, "reconnects") == {}
            server.kill()
            for _ in range(20):
                assert stack.client()("GET", "/health").status == 503
            assert told_of(stack, "searching") == {"api01": 1, "api02": 1}
            server.start()
            wait(lambda: told_of(stack, "reconnects") == {"api01": 1, "api02": 1})
            assert told_of(stack, "searching") == {}
            assert stack.client()("GET", "/health").status == 200
    finally:
        server.stop()


def told_of(stack: Stack, name: str) -> dict[str, int]:
    """Returns the counter of each instance where it is not 0."""
    counts = operator(stack)("GET", "/state").json["counts"]
    rows = [(instance, row) for instance in counts for row in counts[instance]]
    return {instance: row[1] for instance, row in rows if row[0] == name}


def test_the_audit_runs_on_schedule(tmp_path: Path, new_ledger: NewLedger) -> None:
    """One instance runs the scheduled audit during the load and records its result and time."""
    ledger = new_ledger(tmp_path)
    with Stack(tmp_path, ledger=ledger, ops=True, RINHA_AUDIT_EVERY="1s") as stack:
        client = stack.client()
        deadline = time.monotonic() + ANSWER_MAX_S
        seen: set[int] = set()
        while len(seen) < 2:
            assert time.monotonic() < deadline
            assert client.transact(1, 1, "c").status == 200
            for rows in operator(stack)("GET", "/state").json["counts"].values():
                told = {row[0]: row[-1] for row in rows if len(row) == 2}
                if "audit_time_seconds" in told:
                    assert told["audit_ok"] == 1
                    seen.add(told["audit_time_seconds"])
        assert not [line for line in stack.logs() if line["level"] == "error"]
