"""Latencies under a rate, the mix of requests, and invalid runs."""

import json
import mmap
import socket
import time
from collections import Counter
from pathlib import Path
from random import Random
from urllib.request import urlopen

import pytest

from loadtest.crebitos.mix import CREDIT, CYCLE, DEBIT, EXTRATO, build_requests
from loadtest.drive import loops
from loadtest.drive.loops import SECOND_NS
from loadtest.drive.plan import Plan
from loadtest.drive.pool import Job
from loadtest.drive.worker import share_of_size
from loadtest.measure.recorder import Recorder
from loadtest.measure.tally import Clock
from loadtest.report.data import Load
from loadtest.wire.engine import Engine
from loadtest.wire.request import Address
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import STATEMENT, Respond, Serve, answering
from tests.loadtest.ledger_server import STALL_S

TARGET = Address("h", 1)
RATE, DURATION_S = 200, 4
# Delay that the generator itself may add beside other tests. A tool that ignores the stall is off
# by hundreds of milliseconds.
STALL_SLACK_MS = 80
LATE_S = 0.5


def test_the_time_of_other_programs_is_not_counted_as_spinning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Spinning is counted in CPU time: the CPU of the work alone is never below zero."""
    stop_flag = mmap.mmap(-1, 1)

    def turn_on_a_busy_machine(_engine: Engine, _wait_s: float) -> None:
        time.sleep(0.3)
        stop_flag[0] = 1

    monkeypatch.setattr(Engine, "turn", turn_on_a_busy_machine)
    monkeypatch.setattr(loops, "SPIN_NS", 10 * SECOND_NS)
    target = Address("127.0.0.1", 1)
    plan = Plan(target, "rate", 1, 1.0, None, 1, 1, 1.0, rate=1.0)
    loop = loops.OpenLoop(plan, Job(0, time.perf_counter_ns(), stop_flag), Recorder(target), None)
    before_ns = time.process_time_ns()
    due_ns = time.perf_counter_ns() + SECOND_NS
    loop.send([(due_ns, build_requests(target, 1)[0])], 1)
    assert 0 < loop.spun_ns <= time.process_time_ns() - before_ns


def due_waits_ms(port: int) -> list[float]:
    """Returns the waits from each due time to its answer, by the server's own clock.

    They include the delays of a busy machine.
    """
    with urlopen(f"http://127.0.0.1:{port}/answered") as answer:
        answered_ms = json.loads(answer.read())[-RATE * DURATION_S :]
    after_due_ms = [at_ms - index * 1000 / RATE for index, at_ms in enumerate(answered_ms)]
    return sorted(one - min(after_due_ms) for one in after_due_ms)


def percentile_ms(load: Load, clock: Clock, percent: float) -> float:
    return load.answered(clock).percentile(percent) / 1000


@pytest.mark.parametrize("connections", [(), ("-c", 1)], ids=["as many as needed", "one"])
def test_a_stall_is_charged_to_every_request_that_was_due(
    serve: Serve, tmp_path: Path, connections: tuple[object, ...]
) -> None:
    """A stall of 0.5 s at 200/s appears as the waits of a hundred requests."""
    port = serve("stall")
    target = f"127.0.0.1:{port}"
    words = ("run", target, "-r", RATE, "-d", DURATION_S, "--no-checks", *connections)
    ran = loadtest(*words, folder=tmp_path)
    waits_ms = due_waits_ms(port)
    assert waits_ms[-1] > 1000 * STALL_S - STALL_SLACK_MS, "it did not stall"
    for percent in (95.0, 98.0, 99.0):
        expected_ms = waits_ms[int(len(waits_ms) * percent / 100) - 1]
        assert percentile_ms(ran.load, "response", percent) == pytest.approx(
            expected_ms, rel=0.05, abs=STALL_SLACK_MS
        )


def test_service_time_hides_the_stall_that_response_time_shows(
    serve: Serve, tmp_path: Path
) -> None:
    """Service time over one connection hides a stall: coordinated omission."""
    port = serve("stall")
    words = ("run", f"127.0.0.1:{port}", "-r", RATE, "-d", DURATION_S, "-c", 1)
    ran = loadtest(*words, folder=tmp_path)
    shown_ms = percentile_ms(ran.load, "response", 95)
    assert shown_ms > 250
    assert percentile_ms(ran.load, "service", 95) < shown_ms / 2


def test_the_mix_is_exact_and_seeded(serve: Serve, tmp_path: Path) -> None:
    """340 requests are 220 debits, 110 credits and 10 statements, with one worker or two."""
    port = serve()
    for workers in (1, 2):
        words = ("run", f"127.0.0.1:{port}", "-n", 340, "--workers", workers, "--seed", 7)
        ran = loadtest(*words, folder=tmp_path)
        assert ran.load.mix == {"debits": 220, "credits": 110, "statements": 10, "checks": 0}
        assert ran.report.seed == 7


def test_one_type_alone_is_all_that_is_sent(serve: Serve, tmp_path: Path) -> None:
    """--only sends a single kind of either edition, by its name in the report."""
    words = ("run", f"127.0.0.1:{serve()}", "-n", 100, "--only", "statements")
    assert loadtest(*words, folder=tmp_path).load.mix["statements"] == 100
    target = f"127.0.0.1:{serve(edition='pessoas')}"
    for only in ("posts", "details", "searches", "searches without t"):
        ran = loadtest("run", target, "-n", 100, "--only", only, "--edition", "pessoas")
        assert ran.is_right, ran.out
        assert f"mix: 100 {only}\n" in ran.out


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_whole_cycles_are_shared_among_workers(workers: int) -> None:
    """The shares of all workers add up, and at most one share is not in whole cycles."""
    for size in (0, 33, 34, 1_000, 61_380):
        shares = [
            share_of_size(size, len(CYCLE), worker, workers) or 0 for worker in range(workers)
        ]
        assert sum(shares) == size
        assert sum(share % len(CYCLE) != 0 for share in shares) <= 1


def test_every_cycle_has_the_mix_and_the_same_seed_the_same_bytes() -> None:
    """Each cycle of 34 has 22 debits, 11 credits and 1 statement, in an order fixed by the seed."""
    seed = Random().randrange(2**31)
    print(f"seed {seed}")
    requests = build_requests(TARGET, seed, cycles=20)
    for start in range(0, len(requests), len(CYCLE)):
        kinds = Counter(request.kind for request in requests[start : start + len(CYCLE)])
        assert kinds == {DEBIT: 22, CREDIT: 11, EXTRATO: 1}
    again = build_requests(TARGET, seed, cycles=20)
    assert [one.data for one in requests] == [one.data for one in again]
    other = build_requests(TARGET, seed + 1, cycles=20)
    assert [one.data for one in requests] != [one.data for one in other]


def test_a_rate_out_of_reach_makes_the_run_invalid(serve: Serve, tmp_path: Path) -> None:
    """A rate that the generator cannot reach gives exit code 4 and the reason."""
    words = ("run", f"127.0.0.1:{serve()}", "-r", 300_000, "-d", 0.2, "--no-checks", "-c", 64)
    ran = loadtest(*words, folder=tmp_path)
    assert ran.code == 4
    assert "INVALID" in ran.out
    assert "the generator used" in ran.reasons or "late or more" in ran.reasons


def test_a_closed_loop_has_the_rate_of_the_answers(answer_with: Respond, tmp_path: Path) -> None:
    """Answers that come after the duration of a closed loop are not counted as if within it."""

    def respond(connection: socket.socket) -> None:
        time.sleep(LATE_S)
        answering(200, STATEMENT % 0)(connection)

    words = ("run", f"127.0.0.1:{answer_with(respond)}", "-c", 4, "-d", 0.2, "--no-checks")
    load = loadtest(*words, folder=tmp_path).load
    assert load.totals.sent == 4
    # On a busy machine the answers come later still.
    assert 0 < load.rate.achieved <= 4 / LATE_S


def test_a_ramp_sends_its_area(serve: Serve, tmp_path: Path) -> None:
    """A ramp from 50 to 150 a second in 2 s sends 200 requests, each at its time or later."""
    words = ("run", f"127.0.0.1:{serve()}", "--ramp", "50:150", "-d", 2)
    ran = loadtest(*words, folder=tmp_path)
    assert ran.load.totals.sent == 200
    assert sum(second.answers for second in ran.load.seconds) == 200
    # On a busy machine the judge, or the target, may be late; the report has the judge's lateness.
    first = sum(second.answers for second in ran.load.seconds if second.second == 0)
    assert first <= 75
    assert ran.load.rate.elapsed_s >= 1.9
    assert ran.load.rate.wanted == pytest.approx(100, rel=0.06)


def test_thresholds_decide_the_exit_code(serve: Serve, tmp_path: Path) -> None:
    """A threshold that holds passes; one that does not hold fails the run by its name."""
    port = serve()
    words = ("run", f"127.0.0.1:{port}", "-n", 500, "--threshold", "p50<10000")
    held = loadtest(*words)
    assert held.is_right, held.out
    ran = loadtest(*words, "--threshold", "rate>1000000", folder=tmp_path)
    assert ran.code == 1
    assert "threshold rate > 1e+06 does not hold" in ran.reasons


def test_new_connections_are_new(serve: Serve, tmp_path: Path) -> None:
    """A run with one connection a request succeeds; the official judge opens them like that."""
    words = ("run", f"127.0.0.1:{serve()}", "-n", 500, "--new-connections")
    ran = loadtest(*words, folder=tmp_path)
    assert ran.is_right, ran.out
    assert ran.load.totals.answers == 500
