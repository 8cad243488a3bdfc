"""The shape of a load: stages, mixes of other weights, and chosen clients."""

import argparse
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.commands.load_values import clientes, mix, stages
from loadtest.crebitos.mix import CREDIT, CYCLE, DEBIT, EXTRATO, build_requests
from loadtest.drive import schedule
from loadtest.drive.plan import FOR_EVER_S, Mode, Plan
from loadtest.drive.schedule import Stage
from loadtest.measure.health import Rate, rate_of
from loadtest.measure.tally import Tally
from loadtest.wire.request import Address
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Serve

TARGET = Address("h", 9999)
STAGES = st.lists(st.builds(Stage, st.integers(0, 20), st.integers(0, 400)), min_size=1, max_size=8)


def plan_with(mode: Mode = "closed", duration_s: float = 1e9, **settings: object) -> Plan:
    return Plan(TARGET, mode, 1, duration_s, None, 1, 1, 1.0, **settings)  # type: ignore[arg-type]


def area(parts: list[Stage], until_s: float | None = None) -> Fraction:
    """Returns the exact area under the line of the stages, up to a time."""
    whole, began_s, before = Fraction(0), Fraction(0), Fraction(0)
    for part in parts:
        length, after = Fraction(part.duration_s), Fraction(part.rate)
        passed = length if until_s is None else max(Fraction(0), Fraction(until_s) - began_s)
        within = min(length, passed)
        if length:
            whole += within * before + (after - before) * within * within / length / 2
        began_s, before = began_s + length, after
    return whole


@given(STAGES)
def test_stages_send_exactly_their_area(parts: list[Stage]) -> None:
    """The number of requests is the area under the stages' line, rounded once for all of them."""
    moments = list(schedule.stages(parts))
    assert len(moments) == schedule.stages_size(parts) == round(area(parts))
    assert all(before <= after for before, after in pairwise(moments))
    assert all(0 <= moment <= sum(part.duration_s for part in parts) for moment in moments)


@given(STAGES)
def test_at_each_due_time_the_stages_have_asked_for_as_many_as_were_sent(
    parts: list[Stage],
) -> None:
    """The area under the stages up to the k-th due time is k, in every stage."""
    for index, moment_s in islice(enumerate(schedule.stages(parts)), 0, None, 37):
        assert float(area(parts, moment_s)) == pytest.approx(index, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(("duration_s", "size"), [(3.0, None), (FOR_EVER_S, 300), (3.0, 900)])
def test_the_wait_for_a_lost_answer_lowers_no_rate(duration_s: float, size: int | None) -> None:
    """The rate of a loop is that of the time in which it sends, and not of the wait after it."""
    plan = replace(plan_with("rate", duration_s, rate=100.0), size=size)
    tally = Tally([], sent=300, elapsed_s=12.5)
    assert rate_of(tally, plan.wanted(), plan.planned_s) == Rate(12.5, 100.0, 100.0)
    closed = plan_with("closed", 3.0)
    assert rate_of(tally, closed.wanted(), closed.planned_s) == Rate(12.5, 100.0, None)


@pytest.mark.parametrize(
    ("sent", "held_until_s", "elapsed_s", "rate"),
    [(300, 29.9, 30.0, 10.03), (300, 29.9, 40.0, 10.03), (300, 1.0, 13.0, 100), (110, 11, 11, 10)],
)
def test_a_rate_that_a_target_did_not_let_through_is_not_reported(
    sent: int, held_until_s: float, elapsed_s: float, rate: float
) -> None:
    """Requests that wait for a connection lower the rate that was sent, and not the wanted one."""
    plan = plan_with("rate", 3.0, rate=100.0)
    tally = Tally([], sent=sent, held=200, held_until_s=held_until_s, elapsed_s=elapsed_s)
    assert rate_of(tally, plan.wanted(), plan.planned_s) == Rate(elapsed_s, rate, 100.0)


def test_an_early_end_leaves_the_wanted_rate_as_it_was() -> None:
    """A loop that ends because it is too far behind had another rate to send than it did."""
    plan = plan_with("rate", 60.0, rate=100.0)
    tally = Tally([], sent=55, held=50, held_until_s=11.0, elapsed_s=11.0)
    assert rate_of(tally, plan.wanted(), plan.planned_s) == Rate(11.0, 5.0, 100.0)


@pytest.mark.parametrize(
    ("text", "size"),
    [("10s:100,1m:340,10s:0", 15_400), ("0s:100,10s:100", 1_000), ("1s:1,1s:1,1s:1", 2),
     ("5s:0,1s:10,5s:10,0s:0,9s:0", 55), ("10:0.5,2m:0.5", 62)],
)  # fmt: skip
def test_the_sizes_of_stages_by_hand(text: str, size: int) -> None:
    """A ramp counts half; a stage of no duration is a step; 0 is a pause."""
    parts = stages(text)
    plan = plan_with("stages", sum(part.duration_s for part in parts), stages=parts)
    assert plan.wanted() == size
    assert sum(1 for worker in range(1) for _ in plan.due_times_of(worker)) == size


def test_stages_are_sent_and_shown(serve: Serve, tmp_path: Path) -> None:
    """A run of stages sends their area, and its report names them."""
    words = ("run", f"127.0.0.1:{serve()}", "--stages", "1s:100,1s:50,0s:20,1s:20")
    ran = loadtest(*words, folder=tmp_path)
    # On a busy machine the run may be slow or invalid, and is sent whole all the same.
    assert ran.is_right, ran.out
    assert ran.load.totals.sent == 50 + 75 + 20
    assert ran.report.way == "open loop, stages 1s:100, 1s:50, 0s:20, 1s:20 requests/s"
    assert ran.load.planned_s == 3


@pytest.mark.parametrize(
    "text",
    ["", "10s", "10s:", ":10", "10s:-1", "10s:x", "10s:1e9", "x:1", "10s:0", "0s:10", "-1s:10",
     "10s:1,", "1h:1", "1440m:1,1s:1", "10s:1000001", "10s:٣", "1s:1," * 2_000 + "1s:1"],
)  # fmt: skip
def test_stages_that_make_no_sense_are_refused(text: str) -> None:
    """Anything but durations with rates is refused, and stages that send nothing."""
    with pytest.raises(argparse.ArgumentTypeError):
        stages(text)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("1", (1,)), ("1,3-5", (1, 3, 4, 5)), ("5, 3-4,4,1", (1, 3, 4, 5)), ("2-2", (2,))],
)
def test_clients_are_numbers_and_spans(text: str, parsed: tuple[int, ...]) -> None:
    """Clients are listed one by one or as spans, in any order."""
    assert clientes(text) == parsed


@pytest.mark.parametrize("text", ["", "0", "x", "1-", "-1", "5-3", "1,,2", "1-999999", "1.5", "٣"])
def test_clients_that_make_no_sense_are_refused(text: str) -> None:
    """Anything but positive numbers and rising spans is refused."""
    with pytest.raises(argparse.ArgumentTypeError):
        clientes(text)


@pytest.mark.parametrize(
    "text", ["", "1:", "1:x:1", "0:0:0", "-1:1:1", "1.5:1:1", "9999:2:0", "٣:1:1"]
)
def test_weights_that_make_no_sense_are_refused(text: str) -> None:
    """Anything but whole weights with a sum in bounds is refused."""
    with pytest.raises(argparse.ArgumentTypeError):
        mix(text)


def test_a_mix_is_kept_in_every_cycle() -> None:
    """Weights with a common divisor give the shortest cycle; each cycle has the exact mix."""
    assert plan_with(mix=(220, 110, 10)).chosen(CYCLE) == list(CYCLE)
    cycle = plan_with(mix=(2, 0, 6)).chosen(CYCLE)
    assert Counter(cycle) == {DEBIT: 1, EXTRATO: 3}
    requests = build_requests(TARGET, 5, cycles=10, cycle=cycle, clientes=(2, 4))
    for start in range(0, len(requests), len(cycle)):
        kinds = Counter(request.kind for request in requests[start : start + len(cycle)])
        assert kinds == {DEBIT: 1, EXTRATO: 3}
    assert {request.cliente for request in requests} == {2, 4}


def test_a_long_cycle_is_built_less_often() -> None:
    """A mix of large weights takes no more memory than the official one, and is whole."""
    cycle = plan_with(mix=(3_333, 3_333, 3_331)).chosen(CYCLE)
    requests = build_requests(TARGET, 5, cycle=cycle)
    assert len(requests) == len(cycle) == 9_997
    assert Counter(request.kind for request in requests)[CREDIT] == 3_333


@pytest.mark.parametrize("shape", ["1:5:10", "1:0:0", "0:1:0", "0:0:1", "5:5:1"])
@pytest.mark.parametrize("chosen", ["2", "1,3-5"])
def test_a_right_entry_passes_with_any_mix_and_clients(
    serve: Serve, tmp_path: Path, shape: str, chosen: str
) -> None:
    """Balances and histories are right for other mixes; clients without requests keep theirs."""
    words = ("run", f"127.0.0.1:{serve()}", "-n", 800, "--mix", shape, "--clients", chosen)
    ran = loadtest(*words, folder=tmp_path)
    assert ran.is_right, ran.out
    assert ran.report.way == f"closed loop, 14 connections, mix {shape}, clients {chosen}"
    wanted = set(clientes(chosen))
    for one in ran.report.clientes:
        assert (one.operations > 0) == (one.cliente in wanted)
        assert one.order == "explained"
    weights = mix(shape)
    expected = [800 * weight / sum(weights) for weight in weights]
    sent = [ran.load.mix[kind.name] for kind in (DEBIT, CREDIT, EXTRATO)]
    assert sent == pytest.approx(expected, abs=sum(weights))


def test_a_lost_update_is_found_with_another_mix_of_one_client(serve: Serve) -> None:
    """The checks after a load find a fault of one client among many credits."""
    words = ("--mix", "1:20:1", "--clients", "4", "-n", 6_000, "-c", 32)
    ran = loadtest("run", f"127.0.0.1:{serve('lost_update')}", *words)
    assert ran.code == 1
    assert "lost update (client 4" in ran.out


def test_an_edition_has_as_many_weights_as_types(serve: Serve, tmp_path: Path) -> None:
    """Another edition takes its own number of weights, in the order of its types."""
    words = ("run", f"127.0.0.1:{serve(edition='pessoas')}", "--edition", "pessoas", "-n", 400)
    assert loadtest(*words, "--mix", "2:1:1:0").is_right
    ran = loadtest(*words, "--mix", "22:11:1")
    assert ran.code == 2
    assert "4 types: posts:details:searches:searches without t" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--mix", "1:1"), "3 types: debits:credits:statements"),
        (("--clients", "1,9"), "there is no client 9, only 1-5"),
        (("--edition", "pessoas", "--clients", "1"), "the edition pessoas has no clients"),
        (("--mix", "1:1:1", "--only", "debits"), "exclude each other"),
        (("--only", "posts"), "no type 'posts' in this mix: debits, credits, statements"),
        (("--stages", "1s:1", "-d", "3"), "leave -d out"),
        (("--stages", "1s:1", "-r", "3"), "not allowed with"),
        (("--stages", "1s:1", "--ramp", "1:3"), "not allowed with"),
        (("--stages", "1s:1", "--poisson"), "--poisson needs a --rate"),
        (
            ("--threshold", "posts.p99<5"),
            "no type 'posts' in this mix: debits, credits, statements",
        ),
    ],
)
def test_a_load_that_contradicts_itself_is_refused(words: tuple[str, ...], told: str) -> None:
    """Options that exclude each other, or that the edition lacks, give exit code 2 and one line."""
    ran = loadtest("run", "127.0.0.1:1", *words)
    assert (ran.code, ran.out.count("\n")) == (2, 1), ran.out
    assert told in ran.out
