"""A thousand slow clients beside normal ones, and as many clients as can connect."""

import contextlib
import re
import resource
import socket
from pathlib import Path

import pytest

from tests.help.raw_http import get, post
from tests.help.running import ROOT, Stack
from tests.help.slow_clients import HALTING, HEADERS, SILENT, STEADY, SlowClients
from tests.loadtest.command import loadtest

pytestmark = pytest.mark.alone

COMPOSE = (ROOT / "docker-compose.yml").read_text()
# nginx.conf: limit_conn, and worker_connections without those it needs itself.
BODIES_MAX = 2_000
CLIENTS_MAX = 12_900
FILES_NEEDED = CLIENTS_MAX + 100
EACH = 250
SECONDS = 60
HONEST_P99_MAX_MS = 50
# nginx.conf: 5 s for all headers, 2 s for each pause of a body; and a second to notice.
DROPPED_MAX_S = {HEADERS: 6.0, SILENT: 3.0, HALTING: 3.0}


def test_slow_clients_are_dropped_and_nobody_waits_for_them(tmp_path: Path) -> None:
    """1,000 slow clients do not delay normal ones, and too slow ones are dropped in time."""
    rate = ("-r", 340, "-d", SECONDS, "-c", 64, "--threshold", f"p99<{HONEST_P99_MAX_MS}")
    with (
        Stack(tmp_path) as stack,
        SlowClients(stack.port, (HEADERS, SILENT, HALTING, STEADY), EACH) as slow,
    ):
        target = f"127.0.0.1:{stack.port}"
        ran = loadtest("run", target, *rate, folder=tmp_path, timeout_s=3 * SECONDS)
    assert ran.code == 0, ran.out
    print(ran.out)
    for kind, longest_s in DROPPED_MAX_S.items():
        times = slow.dropped_after_s(kind)
        print(f"{kind.name}: {len(times)} dropped, the last after {max(times):.1f} s")
        assert len(times) == EACH
        assert max(times) < longest_s
    # These stay within every limit of nginx, and hold a connection each, for 4096 bytes at most.
    assert slow.dropped_after_s(STEADY) == []


def memory_bytes(stack: Stack) -> int:
    """Returns the resident memory of nginx's workers, which hold the connections."""
    statms = [Path(f"/proc/{pid}/statm").read_text() for pid in stack.nginx_workers()]
    pages = sum(int(statm.split()[1]) for statm in statms)
    return pages * resource.getpagesize()


def test_all_clients_at_their_worst_fit_into_memory(tmp_path: Path) -> None:
    """The most clients that can connect, with the longest headers and unfinished bodies, fit into
    the memory of nginx's container."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < FILES_NEEDED:
        pytest.skip(f"{FILES_NEEDED} descriptors are needed, {hard} is the limit here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    allowed = re.findall(r'cpus: "0.52", memory: "(\d+)MB", pids: 20', COMPOSE)
    long = [f"{letter}: {letter * size}" for letter, size in (("a", 900), ("x", 4000), ("y", 4000))]
    body = post(b"{", "/clientes/1/transacoes", *long, length=4000)
    header = get("/health", *long)[:-30]
    with Stack(tmp_path) as stack, contextlib.ExitStack() as held:
        for number in range(CLIENTS_MAX):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", stack.port)))
            connection.sendall(body if number < BODIES_MAX else header)
        taken = memory_bytes(stack)
    print(f"{CLIENTS_MAX} clients: {taken / 1e6:.0f} MB, {allowed[0]} MB are allowed")
    assert taken > 100_000_000, "the clients were not at their worst"
    assert taken < int(allowed[0]) * 1_000_000
