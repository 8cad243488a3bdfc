"""Real runs with every answer recorded: one order explains them all.

The load generator searches for that order. Its own tests compare the search with trying every
order, and run it on ledgers with planted faults.
"""

import signal
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

from loadtest.crebitos.history.after_load import Oracle
from loadtest.crebitos.history.operation import REFUSED
from loadtest.crebitos.mix import (
    CYCLE,
    KINDS,
    LedgerRequest,
    build_requests,
    extrato,
    transacao,
)
from loadtest.crebitos.report import Cliente
from loadtest.drive import worker
from loadtest.drive.plan import FOR_EVER_S, Plan
from loadtest.drive.run import run_workers
from loadtest.report.progress import PlainLines
from loadtest.wire.probe import Probe
from loadtest.wire.request import Address
from tests.conftest import NewLedger
from tests.help.effort import drawn_seed, effort
from tests.help.forks import apart
from tests.help.ledgers import query
from tests.help.running import Stack

SEEDS = effort(2, 12, 30)
REQUESTS = effort(5_000, 20_000, 20_000)
CONNECTIONS = 64
REFUSALS_MIN = 1_000
# Clients with low limits: a third of their requests is refused.
POOR_CLIENTS = (1, 2)
SHARE_MIN = 0.2
# Half of the requests are transactions, and every second of these has a key.
KEYS_SHARE_MIN = 0.15
TIMEOUT_S = 60.0


def one_client(requests: list[LedgerRequest], target: Address, cliente: int) -> list[LedgerRequest]:
    """Returns the same mix for one client only, so that order alone decides the answers."""
    return [
        transacao(target, cliente, request.delta, f"nr {number}")
        if request.delta
        else extrato(target, cliente)
        for number, request in enumerate(requests)
    ]


def with_keys(requests: list[LedgerRequest]) -> None:
    """Gives every second transaction a key of its own."""
    for number, request in enumerate(requests):
        if request.delta and number % 2:
            line = b'Idempotency-Key: "%d"\r\n' % number
            request.data = request.data.replace(b"\r\n", b"\r\n" + line, 1)


def let_nginx_tell_who_answered(stack: Stack) -> Path:
    conf = stack.folder / "nginx.conf"
    told = "log_format who '$upstream_addr'; access_log who.log who buffer=4k flush=1s;"
    conf.write_text(conf.read_text().replace("access_log off;", told))
    stack.nginx.send_signal(signal.SIGQUIT)
    stack.nginx.wait()
    stack.start_part("nginx")
    stack.wait_until_ready()
    return stack.folder / "who.log"


def drive(plan: Plan, requests: list[LedgerRequest]) -> tuple[list[Cliente], Counter[bool]]:
    """Returns the clients after the run, and how many operations were refused and how many not."""
    probe = Probe(plan.address)
    oracle = Oracle(probe, plan.workers)
    work = partial(worker.work, plan, [requests], len(CYCLE), oracle.watch)
    run_workers(work, plan.workers, plan.address, KINDS, PlainLines(None, REQUESTS))
    refused = Counter(operation.outcome == REFUSED for _, operation in oracle.operations())
    return oracle.examine(), refused


def run(stack: Stack, seed: int, *, on_one_client: bool) -> Counter[str]:
    """Runs a load, asserts that an order explains it, and counts requests and refusals."""
    stack.reset()
    address = Address("127.0.0.1", stack.port)
    plan = Plan(
        *(address, "closed", CONNECTIONS, FOR_EVER_S, REQUESTS, seed),
        workers=1,
        timeout_s=TIMEOUT_S,
    )
    requests = build_requests(address, seed, cycles=REQUESTS // 34 + 1)
    if on_one_client:
        requests = one_client(requests, address, Random(seed).choice(POOR_CLIENTS))
    with_keys(requests)
    clientes, refused = apart(drive, plan, requests)
    for one in clientes:
        assert (one.fault, one.breaks) == (None, []), f"seed {seed}"
        assert one.order == "explained", f"seed {seed}"
        assert one.unknown == 0, f"seed {seed}"
    assert refused.total() == REQUESTS
    ((keys,),) = query(stack.ledger, "SELECT count(*) FROM chaves")
    assert REQUESTS * KEYS_SHARE_MIN < keys <= sum(b"Idempotency-Key" in r.data for r in requests)
    return Counter(requests=REQUESTS, refused=refused[True])


def test_every_history_has_an_order(tmp_path: Path, new_ledger: NewLedger) -> None:
    """One order explains every answer of both instances to 64 connections, refusals and statements
    included. Half of the runs use one client."""
    with Stack(tmp_path, ledger=new_ledger(tmp_path), patient=True) as stack:
        assert_ordered(stack)


def test_every_history_with_normal_has_an_order(tmp_path: Path) -> None:
    """The same holds with NORMAL, whose groups are ended by no sync."""
    with Stack(tmp_path, patient=True, RINHA_SYNCHRONOUS="NORMAL") as stack:
        assert_ordered(stack)


def assert_ordered(stack: Stack) -> None:
    told = let_nginx_tell_who_answered(stack)
    seed = drawn_seed()
    seen = [run(stack, seed + number, on_one_client=number % 2 == 0) for number in range(SEEDS)]
    stack.stop()
    total = sum(seen, Counter[str]())
    answered_by = Counter(told.read_text().split())
    shares = [count / answered_by.total() for count in answered_by.values()]
    print(f"{SEEDS} runs: {dict(total)}, by instance {dict(answered_by)}")
    assert total["refused"] >= REFUSALS_MIN
    assert len(shares) == 2
    assert min(shares) >= SHARE_MIN
