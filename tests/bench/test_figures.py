"""From rounds to medians, spreads and ratios."""

import pytest

from bench.results.cell import IDLE_CPUS_MIN, OTHERS_CPUS_MAX, STOLEN_CPUS_MAX, why_thrown_out
from bench.results.figures import Spread, figure_of, parts_of, ratio_of
from tests.bench.simulated import results_of

QUIET = {"others_cpus": 0.0, "stolen_cpus": 0.0, "idle_cpus": 0.5}


def test_a_figure_is_the_median_of_its_rounds_with_the_extremes() -> None:
    """One disturbed round moves the spread, not the figure."""
    results = results_of({"ours": [100, 90, 10, 110, 95]})
    assert figure_of(results, "ours", "capacity_14", "rate") == Spread(95, 10, 110, 5)


def test_noise_is_half_of_what_the_rounds_differ_by() -> None:
    """Rounds from 90 to 110 around 100 are known to a tenth."""
    assert Spread(100, 90, 110, 3).noise == pytest.approx(0.1)


def test_a_ratio_compares_neighbours() -> None:
    """A machine that gets slower from round to round leaves the ratio as it is."""
    results = results_of({"ours": [50, 40, 10], "ceiling": [100, 80, 20]})
    assert ratio_of(results, "ours", "ceiling", "capacity_14", "rate") == Spread(0.5, 0.5, 0.5, 3)


def test_what_was_thrown_out_counts_nowhere() -> None:
    """Neither the figure nor the ratio nor the parts know of that round."""
    rates: dict[str, list[float]] = {"ours": [50, 1, 50], "ceiling": [100, 100, 200]}
    results = results_of(rates, thrown_out=("ours", 1))
    assert figure_of(results, "ours", "capacity_14", "rate") == Spread(50, 50, 50, 2)
    ratio = ratio_of(results, "ours", "ceiling", "capacity_14", "rate")
    assert ratio == Spread(0.375, 0.25, 0.5, 2)
    assert parts_of(results, "ours", "capacity_14", "cpu_us")["nginx"] == 10.0


def test_what_nobody_measured_has_no_figure() -> None:
    """A stack that failed is missing, not zero."""
    results = results_of({"ours": [50]})
    assert figure_of(results, "theirs", "capacity_14", "rate") is None
    assert ratio_of(results, "ours", "theirs", "capacity_14", "rate") is None


def test_a_quiet_round_is_kept() -> None:
    """Nothing is thrown out without a reason."""
    assert why_thrown_out([], QUIET, limited=True) is None


def test_a_stack_without_limits_may_take_all_there_is() -> None:
    """Or nothing could be measured where no limits can be set."""
    assert why_thrown_out([], QUIET | {"idle_cpus": 0.0}, limited=False) is None


@pytest.mark.parametrize(
    ("invalid", "figures", "word"),
    [
        (["it used 99% of a core"], QUIET, "generator"),
        ([], QUIET | {"others_cpus": OTHERS_CPUS_MAX + 0.01}, "other programs"),
        ([], QUIET | {"stolen_cpus": STOLEN_CPUS_MAX + 0.01}, "hypervisor"),
        ([], QUIET | {"idle_cpus": IDLE_CPUS_MIN - 0.01}, "no CPU left"),
    ],
)
def test_a_round_that_shows_something_else_is_thrown_out(
    invalid: list[str], figures: dict[str, float], word: str
) -> None:
    """The generator or the host was the limit: it is said which."""
    assert word in (why_thrown_out(invalid, figures, limited=True) or "")
