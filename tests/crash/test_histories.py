"""Real runs, every answer noted: an order exists that explains them all. Imports loadtest, running.

The search for that order is the load generator's; its own tests hold it against trying every order
and against ledgers with planted faults.
"""

import signal
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

from loadtest.crebitos.history.aftermath import examine
from loadtest.crebitos.history.notes import REFUSED, Operation
from loadtest.crebitos.mix import Request, build_requests, statement, transaction
from loadtest.drive import worker
from loadtest.drive.conduct import conduct
from loadtest.drive.plan import Plan
from loadtest.report.progress import PlainLines
from loadtest.wire.probe import Probe
from tests.effort import drawn_seed, effort
from tests.forks import apart
from tests.running import Stack

SEEDS = effort(2, 12, 30)
REQUESTS = effort(5_000, 20_000, 20_000)
CONNECTIONS = 64
REFUSALS_MIN = 1_000
# Their limits are reached at once: a third of what is asked of them is refused.
POOR_CLIENTS = (1, 2)
SHARE_MIN = 0.3
PATIENCE_S = 60.0


def one_client(requests: list[Request], name: str, client: int) -> list[Request]:
    """The same mix, all of it for one client: what is decided there is decided by order alone."""
    return [
        transaction(name, client, request.delta, request.descricao)
        if request.delta
        else statement(name, client)
        for request in requests
    ]


def let_nginx_tell_who_answered(stack: Stack) -> Path:
    conf = stack.folder / "nginx.conf"
    told = "log_format who '$upstream_addr'; access_log who.log who buffer=4k flush=1s;"
    conf.write_text(conf.read_text().replace("access_log off;", told))
    stack.nginx.send_signal(signal.SIGQUIT)
    stack.nginx.wait()
    stack.nginx = stack.start_nginx()
    stack.wait_until_healthy()
    return stack.folder / "who.log"


def operations_of(plan: Plan, requests: list[Request]) -> list[tuple[int, Operation]]:
    quiet = PlainLines(None, REQUESTS, quiet=True)
    done = conduct(partial(worker.work, plan, [requests]), 1, plan.host, plan.port, quiet)
    return done.operations


def run(stack: Stack, seed: int, *, on_one_client: bool) -> Counter[str]:
    """What was seen, by kind; any answer that no order explains is a failure."""
    stack.reset()
    plan = Plan(
        *("127.0.0.1", stack.port, "closed", CONNECTIONS, PATIENCE_S, REQUESTS, seed),
        workers=1,
        timeout_s=PATIENCE_S,
    )
    probe = Probe(plan.host, plan.port)
    before = probe.statements()
    requests = build_requests(plan.name, seed, cycles=REQUESTS // 34 + 1)
    if on_one_client:
        requests = one_client(requests, plan.name, Random(seed).choice(POOR_CLIENTS))
    operations = apart(operations_of, plan, requests)
    clients = examine(operations, before, probe.statements())
    probe.close()
    for client in clients:
        assert (client.trouble, client.breaks) == (None, []), f"seed {seed}"
        assert client.order == "found", f"seed {seed}"
        assert client.unknown == 0, f"seed {seed}"
    assert len(operations) == REQUESTS
    refused = sum(operation.saldo == REFUSED for _, operation in operations)
    return Counter(requests=REQUESTS, refused=refused)


def test_every_history_has_an_order(tmp_path: Path) -> None:
    """64 connections, half of the runs on one client, refusals and statements included: every
    answer has its place, on both instances."""
    with Stack(tmp_path) as stack:
        told = let_nginx_tell_who_answered(stack)
        seed = drawn_seed()
        seen = [run(stack, seed + number, on_one_client=number % 2 == 0) for number in range(SEEDS)]
    total = sum(seen, Counter[str]())
    answered_by = Counter(told.read_text().split())
    shares = [count / answered_by.total() for count in answered_by.values()]
    print(f"{SEEDS} runs: {dict(total)}, by instance {dict(answered_by)}")
    assert total["refused"] >= REFUSALS_MIN
    assert len(shares) == 2
    assert min(shares) >= SHARE_MIN
