"""`compare` reports no regression between equal runs, and finds changes above the noise."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loadtest.pessoas.report import PessoasReport
from loadtest.report.compare import CANNOT_TELL, Figure, compare
from loadtest.report.data import Load
from loadtest.report.json import write_json
from tests.help.simulated_runs import closed_run, simulated_report, simulated_run
from tests.loadtest.command import loadtest

RUNS = 60
NEIGHBOURS = 4  # later runs that each run is compared with: 240 pairs
FALSE_MAX = RUNS * NEIGHBOURS // 20
FOUND_MIN = RUNS * 8 // 10
PERCENT = 10.0


@pytest.fixture(scope="module")
def steady() -> list[Load]:
    """Runs of one service at the official rate."""
    return [simulated_run(seed) for seed in range(RUNS)]


@pytest.fixture(scope="module")
def closed() -> list[Load]:
    """Runs of one service in a closed loop, where the rate varies with the machine's speed."""
    return [closed_run(seed) for seed in range(RUNS)]


def figure(figures: list[Figure], name: str) -> Figure:
    return next(one for one in figures if one.name == name)


@pytest.mark.parametrize("runs", ["steady", "closed"])
def test_equal_runs_are_called_a_regression_once_in_twenty_pairs_at_most(
    runs: str, request: pytest.FixtureRequest
) -> None:
    """At most one in twenty pairs of equal runs has a figure that counts as a regression."""
    loads: list[Load] = request.getfixturevalue(runs)
    called, pairs = Counter[str](), 0
    for at, before in enumerate(loads):
        for step in range(1, NEIGHBOURS + 1):
            figures = compare(before, loads[(at + step) % RUNS])
            worse = [one.name for one in figures if one.is_regression(PERCENT)]
            pairs += bool(worse)
            called.update(worse)
    print(f"{pairs} of {RUNS * NEIGHBOURS}: {called}")
    assert pairs <= FALSE_MAX


def found(name: str, before: list[Load], after: list[Load]) -> int:
    pairs = zip(before, [*after[1:], after[0]], strict=True)
    figures = [figure(compare(*pair), name) for pair in pairs]
    count = sum(one.is_regression(PERCENT) for one in figures)
    print(f"{name}: {count} of {len(figures)}")
    return count


def test_a_planted_change_of_a_fifth_is_found_four_times_in_five(
    steady: list[Load], closed: list[Load]
) -> None:
    """A change of 20% in the median, the CPU or the rate is found in four of five pairs."""
    changed = [simulated_run(RUNS + seed, slower=1.2, dearer=1.2) for seed in range(RUNS)]
    fewer = [closed_run(RUNS + seed, slower=1.2) for seed in range(RUNS)]
    assert found("response p50, all", steady, changed) >= FOUND_MIN
    assert found("target CPU per answer", steady, changed) >= FOUND_MIN
    assert found("rate", closed, fewer) >= FOUND_MIN


def test_the_limits_of_a_percentile_are_not_those_of_its_few_answers() -> None:
    """A percentile that depends on a handful of answers gets no verdict."""
    figures = compare(simulated_run(1), simulated_run(2))
    assert figure(figures, "response p99.9, statements").verdict == CANNOT_TELL
    assert figure(figures, "response p99.9, all").verdict == CANNOT_TELL
    assert figure(figures, "response p50, all").verdict != CANNOT_TELL


def test_a_run_of_few_seconds_tells_nothing() -> None:
    """A run of a few seconds is too short to estimate the noise: no figure gets a verdict."""
    short = simulated_run(1, seconds=4), simulated_run(2, seconds=4, slower=3.0)
    assert {one.verdict for one in compare(*short)} == {CANNOT_TELL}


def kept(folder: Path, name: str, **changed: Any) -> Path:
    path = folder / f"{name}.json"
    write_json(simulated_report(**changed), path)
    return path


def only_debits() -> Load:
    load = simulated_run(1)
    load.mix = {kind: count if kind == "debits" else 0 for kind, count in load.mix.items()}
    return load


@pytest.mark.parametrize(
    ("changed", "note", "code"),
    [
        ({"way": "closed loop"}, "different loads: open loop; closed loop", 2),
        ({"load": only_debits()}, "different mixes", 2),
        ({"target": "there:2"}, "different targets: here:1, there:2", 0),
        ({"load": simulated_run(1, seconds=30)}, "different durations: 10.0 s and 30.0 s", 0),
    ],
)
def test_runs_that_cannot_be_compared_are_named(
    tmp_path: Path, changed: dict[str, Any], note: str, code: int
) -> None:
    """A different load is noted, and exits with 2 under --fail-on-regression; the rest is noted."""
    both = kept(tmp_path, "before"), kept(tmp_path, "after", **changed)
    ran = loadtest("compare", *both)
    assert (ran.code, ran.out.count(note)) == (0, 1), ran.out
    ran = loadtest("compare", *both, "--fail-on-regression")
    assert (ran.code, ran.out.count(note)) == (code, 1), ran.out


def test_an_invalid_run_proves_no_regression(tmp_path: Path) -> None:
    """An invalid run is not judged: exit code 4, with the reason."""
    slow = simulated_run(2, slower=3.0)
    slow.invalid = ["the machine had no time for the generator"]
    both = kept(tmp_path, "before"), kept(tmp_path, "after", load=slow)
    ran = loadtest("compare", *both, "--fail-on-regression")
    assert ran.code == 4
    assert "AFTER is invalid: the machine had no time" in ran.out
    assert "REGRESSION" not in ran.out


def test_editions_are_not_compared(tmp_path: Path) -> None:
    """Reports of different editions cannot be compared: exit code 2."""
    people = tmp_path / "people.json"
    write_json(PessoasReport(command="run", way="", target="", load=simulated_run(1)), people)
    ran = loadtest("compare", kept(tmp_path, "ledger"), people)
    assert (ran.code, ran.out.count("\n")) == (2, 1)
    assert "different editions" in ran.out
