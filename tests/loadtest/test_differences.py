"""Rounds of two targets: equal ones are seldom called different, and a change of 10% is found."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import pytest

from loadtest.report.compare import CANNOT_TELL
from loadtest.report.sets.difference import (
    Difference,
    Round,
    compare_rounds,
    compare_sets,
)
from loadtest.report.sets.figures import Figures
from loadtest.report.sets.student import share_within, steps_for
from tests.help.effort import drawn_seed, effort
from tests.help.simulated_rounds import Machine, figures_of_loads, simulated_pair, simulated_sets
from tests.help.simulated_runs import closed_run, simulated_run

RUNS = 60
ROUNDS = 6
TRIALS = effort(600, 2_000, 20_000)
FALSE_MAX = TRIALS // 20
PLANTED = TRIALS // 3
FOUND_MIN = PLANTED * 8 // 10

Verdicts = dict[str, str]
Pool = Sequence[Figures]


@pytest.fixture(scope="module")
def steady() -> Pool:
    """Runs at the official rate, of ten seconds each."""
    return figures_of_loads([simulated_run(seed) for seed in range(RUNS)])


@pytest.fixture(scope="module")
def closed() -> Pool:
    """Runs in a closed loop, where the rate varies with the machine's speed."""
    return figures_of_loads([closed_run(seed) for seed in range(RUNS)])


def verdicts(differences: Sequence[Difference]) -> Verdicts:
    return {one.name: one.verdict for one in differences}


def pair_verdicts(machine: Machine, slower: float) -> Verdicts:
    return verdicts(compare_rounds(simulated_pair(machine, ROUNDS, slower)))


def set_verdicts(machine: Machine, slower: float) -> Verdicts:
    return verdicts(compare_sets(*simulated_sets(machine, ROUNDS, slower)))


def trials(
    count: int, pool: Pool, trial: Callable[[Machine, float], Verdicts], slower: float
) -> list[Verdicts]:
    random = Random(drawn_seed())
    return [trial(Machine(random, pool), slower) for _ in range(count)]


@pytest.mark.parametrize("runs", ["steady", "closed"])
@pytest.mark.parametrize("trial", [pair_verdicts, set_verdicts])
def test_equal_servers_are_called_different_in_one_trial_of_twenty_at_most(
    trial: Callable[[Machine, float], Verdicts], runs: str, request: pytest.FixtureRequest
) -> None:
    """At most one in twenty comparisons of equal servers calls any figure better or worse."""
    called, wrong = Counter[str](), 0
    for found in trials(TRIALS, request.getfixturevalue(runs), trial, 1.0):
        different = [name for name, verdict in found.items() if verdict != CANNOT_TELL]
        wrong += bool(different)
        called.update(different)
    print(f"{wrong} of {TRIALS}: {called}")
    assert wrong <= FALSE_MAX


def found_worse(name: str, trials_: Sequence[Verdicts]) -> int:
    count = Counter(found[name] for found in trials_)
    print(f"{name}: {count}")
    assert not count["better"]
    return count["worse"]


def test_a_planted_change_of_a_tenth_is_found_four_times_in_five(
    steady: Pool, closed: Pool
) -> None:
    """Six interleaved rounds find 10% more in median, CPU and rate in four of five trials."""
    slower = trials(PLANTED, steady, pair_verdicts, 1.1)
    assert found_worse("p50", slower) >= FOUND_MIN
    assert found_worse("CPU per answer", slower) >= FOUND_MIN
    assert found_worse("rate", trials(PLANTED, closed, pair_verdicts, 1.1)) >= FOUND_MIN


def test_sets_of_different_times_find_a_change_of_a_fifth(steady: Pool) -> None:
    """Sets that were made one after the other find a change of 20% in four of five trials."""
    assert found_worse("p50", trials(PLANTED, steady, set_verdicts, 1.2)) >= FOUND_MIN


def test_a_drift_of_the_machine_is_no_difference_of_targets() -> None:
    """A machine that slows down by 5% with each run makes no interleaved target worse."""
    values = iter(1.05**number for number in range(6 * 4))
    rounds = [
        Round("AB"[number % 2], [{"p50": next(values)} for _ in range(4)]) for number in range(6)
    ]
    [p50] = compare_rounds(rounds)
    assert p50.ratio == pytest.approx(1.0)
    assert p50.verdict == CANNOT_TELL


def test_each_round_gives_the_outer_and_the_inner_runs_to_their_target() -> None:
    """Each figure counts for the target that it was measured on, in A B B A and B A A B."""
    slow, fast = {"p50": 2.0, "rate": 100.0}, {"p50": 1.0, "rate": 200.0}
    rounds = [Round("A", [fast, slow, slow, fast]), Round("B", [slow, fast, fast, slow])] * 2
    p50, rate = compare_rounds(rounds)
    assert (p50.before, p50.after, p50.verdict) == (1.0, 2.0, "worse")
    assert (rate.before, rate.after, rate.verdict) == (200.0, 100.0, "worse")
    assert [p50.ratio, rate.ratio] == pytest.approx([2.0, 2.0])
    assert p50.itself == (1.0, 1.0)


def test_two_rounds_tell_nothing() -> None:
    """No figure gets a verdict with fewer than three rounds on either side."""
    fast, slow = [{"p50": 1.0}], [{"p50": 9.0}]
    assert verdicts(compare_sets(fast * 2, slow * 20)) == {"p50": CANNOT_TELL}
    assert verdicts(compare_sets(fast * 3, slow * 3)) == {"p50": "worse"}
    assert verdicts(compare_rounds([Round("A", [*fast, *slow, *slow, *fast])] * 2)) == {
        "p50": CANNOT_TELL
    }
    assert compare_sets([], slow) == compare_rounds([]) == []


def test_the_sum_paid_is_counted_and_has_no_noise_of_its_own() -> None:
    """A sum that each round pays is worse if it is lower in all rounds, not in a single one."""
    full, less = [{"USD paid": 100_000.0}], [{"USD paid": 99_000.0}]
    assert verdicts(compare_sets(full * 6, less * 6)) == {"USD paid": "worse"}
    assert verdicts(compare_sets(full * 6, full * 6)) == {"USD paid": CANNOT_TELL}
    assert verdicts(compare_sets(full * 6, full * 5 + [{"USD paid": 0.0}])) == {
        "USD paid": CANNOT_TELL
    }


@pytest.mark.parametrize(
    ("share", "freedom", "steps"),
    [(0.95, 1, 12.7062), (0.95, 2, 4.30265), (0.95, 5, 2.57058), (0.99, 10, 3.16927),
     (0.999, 3, 12.9240), (0.998, 30, 3.38518)],
)  # fmt: skip
def test_student_quantiles_are_those_of_the_tables(
    share: float, freedom: int, steps: float
) -> None:
    """The quantiles of Student's distribution are those of the printed tables."""
    assert steps_for(share, freedom) == pytest.approx(steps, rel=1e-5)
    assert share_within(steps, freedom) == pytest.approx(share, rel=1e-5)
