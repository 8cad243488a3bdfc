"""Medians, ranges and ratios of rounds."""

import pytest

from bench.parts.usage import IDLE_CPUS_MIN, OTHERS_CPUS_MAX, STOLEN_CPUS_MAX, why_thrown_out
from bench.results.figures import Spread, figure_of, parts_of, ratio_of
from tests.bench.simulated import results_of

QUIET = {"others_cpus": 0.0, "stolen_cpus": 0.0, "idle_cpus": 0.5}


def test_a_figure_is_the_median_of_its_rounds_with_the_extremes() -> None:
    """One disturbed round moves the spread, not the figure."""
    results = results_of({"service": [100, 90, 10, 110, 95]})
    assert figure_of(results, "service", "capacity_14", "rate") == Spread(95, 10, 110, 5)


def test_noise_is_half_of_the_range() -> None:
    """Rounds from 90 to 110 around 100 have a noise of a tenth."""
    assert Spread(100, 90, 110, 3).noise == pytest.approx(0.1)


def test_a_ratio_is_taken_within_each_round() -> None:
    """A machine that gets slower from round to round leaves the ratio as it is."""
    results = results_of({"service": [50, 40, 10], "ceiling": [100, 80, 20]})
    assert ratio_of(results, "service", "ceiling", "capacity_14", "rate") == Spread(
        0.5, 0.5, 0.5, 3
    )


def test_what_was_thrown_out_counts_nowhere() -> None:
    """Figure, ratio and parts are those of the other rounds."""
    rates: dict[str, list[float]] = {"service": [50, 1, 50], "ceiling": [100, 100, 200]}
    results = results_of(rates, thrown_out=("service", 1))
    assert figure_of(results, "service", "capacity_14", "rate") == Spread(50, 50, 50, 2)
    ratio = ratio_of(results, "service", "ceiling", "capacity_14", "rate")
    assert ratio == Spread(0.375, 0.25, 0.5, 2)
    assert parts_of(results, "service", "capacity_14", "cpu_us")["nginx"] == 10.0


def test_what_was_not_measured_has_no_figure() -> None:
    """A contender that failed is missing, not zero."""
    results = results_of({"service": [50]})
    assert figure_of(results, "missing", "capacity_14", "rate") is None
    assert ratio_of(results, "service", "missing", "capacity_14", "rate") is None


def test_a_quiet_round_is_kept() -> None:
    """Without limits a contender may use all CPU, or nothing could be measured."""
    assert why_thrown_out([], QUIET, limited=True) is None
    assert why_thrown_out([], QUIET | {"idle_cpus": 0.0}, limited=False) is None


@pytest.mark.parametrize(
    ("invalid", "figures", "reason"),
    [
        (["it used 99% of a core"], QUIET, "generator"),
        ([], QUIET | {"others_cpus": OTHERS_CPUS_MAX + 0.01}, "other programs"),
        ([], QUIET | {"stolen_cpus": STOLEN_CPUS_MAX + 0.01}, "hypervisor"),
        ([], QUIET | {"idle_cpus": IDLE_CPUS_MIN - 0.01}, "no CPU left"),
    ],
)
def test_a_disturbed_round_is_thrown_out(
    invalid: list[str], figures: dict[str, float], reason: str
) -> None:
    """The reason names the generator or the host."""
    assert reason in (why_thrown_out(invalid, figures, limited=True) or "")
