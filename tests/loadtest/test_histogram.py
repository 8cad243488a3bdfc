"""Property tests of the histogram."""

import json
import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from loadtest.measure.histogram import (
    EXACT_BELOW_US,
    FIGURES,
    Histogram,
    bucket_us,
    decode,
    encode,
)

LATENCIES = st.integers(min_value=0, max_value=60_000_000)
SAMPLES = st.lists(LATENCIES, min_size=1, max_size=300)


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(LATENCIES)
def test_a_kept_value_is_within_a_twentieth_of_a_percent(value_us: int) -> None:
    """Values below 2,048 us are exact; above, the rounding is at most 0.05%."""
    kept_us = bucket_us(value_us)
    if value_us < EXACT_BELOW_US:
        assert kept_us == value_us
    assert abs(kept_us - value_us) <= value_us * 0.0005


@given(LATENCIES, LATENCIES)
def test_rounding_keeps_the_order(one_us: int, other_us: int) -> None:
    """A longer latency never falls into a lower bucket."""
    assert (bucket_us(one_us) <= bucket_us(other_us)) or one_us > other_us


@given(SAMPLES, st.sampled_from([0.0, 1.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 100.0]))
def test_a_percentile_is_the_nearest_rank(values: list[int], percent: float) -> None:
    """A percentile is the smallest sample with at least that share of samples at or below it."""
    rank = max(1, math.ceil(round(percent * len(values) / 100, 9)))
    expected = sorted(bucket_us(value) for value in values)[rank - 1]
    assert filled(values).percentile(percent) == expected


@given(st.lists(st.integers(0, EXACT_BELOW_US - 1), min_size=1, max_size=300))
def test_minimum_mean_and_deviation_are_those_of_the_samples(values: list[int]) -> None:
    """Minimum, mean and standard deviation follow from the counts as from the samples."""
    histogram = filled(values)
    assert histogram.min_us == min(values)
    assert math.isclose(histogram.mean_us, statistics.fmean(values), abs_tol=1e-9)
    assert math.isclose(histogram.stdev_us, statistics.pstdev(values), abs_tol=1e-6)
    assert list(histogram.figures_us()) == list(FIGURES)


def test_figures_of_nothing_are_zero() -> None:
    """Without a sample every figure is 0."""
    assert set(Histogram().figures_us().values()) == {0}


@given(st.lists(SAMPLES, min_size=1, max_size=5))
def test_merging_equals_counting_everything_at_once(parts: list[list[int]]) -> None:
    """Merging the histograms of workers equals one histogram of all samples."""
    whole = filled([value for part in parts for value in part])
    together = Histogram()
    for part in parts:
        together.merge(filled(part))
    assert together.counts == whole.counts


@given(SAMPLES)
def test_pairs_carry_everything(values: list[int]) -> None:
    """A histogram is equal after a round trip through the pairs of a report."""
    histogram = filled(values)
    assert json.loads(encode(histogram)) == [
        list(pair) for pair in sorted(histogram.counts.items())
    ]
    assert decode(encode(histogram), Histogram) == histogram


@given(SAMPLES, st.integers(min_value=0, max_value=EXACT_BELOW_US - 1))
def test_counting_from_a_bound_counts_the_bound_too(values: list[int], bound_us: int) -> None:
    """An answer of exactly the bound counts as late."""
    assert filled(values).count_at_least(bound_us) == sum(value >= bound_us for value in values)


def test_an_empty_histogram_has_figures_of_zero() -> None:
    """A run without answers has figures of zero and raises no error."""
    empty = Histogram()
    assert (empty.total, empty.max_us, empty.mean_us) == (0, 0, 0.0)
    assert empty.percentiles((50.0, 99.0)) == [0, 0]
