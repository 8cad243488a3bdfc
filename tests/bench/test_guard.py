"""Whether a run is no worse than a stored one."""

from bench.results.data import Results
from bench.results.guard import Verdict, judge, told
from tests.bench.simulated import results_of

CEILING: list[float] = [1000, 1000, 1000]


def capacity(before: Results, now: Results) -> Verdict:
    return judge(before, now)[0]


def run(ours: list[float], ceiling: list[float] = CEILING) -> Results:
    return results_of({"rinha_normal": ours, "constant": ceiling})


def test_the_same_again_passes() -> None:
    """Two equal runs differ by nothing."""
    assert not capacity(run([500, 510, 490]), run([490, 500, 510])).fails


def test_a_slower_machine_is_no_regression() -> None:
    """Ours and its ceiling are slower together: the ratio stays."""
    assert not capacity(run([500] * 3), run([250] * 3, [500] * 3)).fails


def test_worse_than_the_noise_fails() -> None:
    """A fifth less of the ceiling, where the rounds agree."""
    verdict = capacity(run([500] * 3), run([400] * 3))
    assert verdict.fails
    assert any("WORSE" in line for line in told([verdict]))


def test_worse_within_the_noise_passes() -> None:
    """The same fifth less proves nothing where the rounds differ by more."""
    assert not capacity(run([400, 500, 600]), run([320, 400, 480])).fails


def test_better_never_fails() -> None:
    """However much."""
    assert not capacity(run([500] * 3), run([900] * 3)).fails


def test_more_cpu_a_request_is_worse() -> None:
    """Of times and costs less is better."""
    verdicts = judge(run([500] * 3), run([400] * 3))
    cpu = next(one for one in verdicts if one.guarded.figure == "cpu_us")
    assert cpu.fails


def test_what_is_no_longer_measured_fails() -> None:
    """A stack that does not start any more is not better than one that is slow."""
    assert capacity(run([500] * 3), results_of({"constant": CEILING})).fails


def test_what_was_not_measured_before_passes() -> None:
    """There is nothing to be worse than."""
    verdict = capacity(results_of({"constant": CEILING}), run([500] * 3))
    assert not verdict.fails
    assert any("new" in line for line in told([verdict]))
